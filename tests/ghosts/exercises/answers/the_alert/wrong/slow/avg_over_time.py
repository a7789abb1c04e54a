"""a range of 10 minutes still has what was before"""

my_alert = {
    "expr": (
        "avg_over_time(pusher_active_ws_connections[10m]) "
        "- avg_over_time(pusher_tcp_connections[10m]) > 8"
    ),
    "for": "3m",
}
