"""Also where the gauge dips."""

my_alert = {
    "expr": (
        "max_over_time(pusher_active_ws_connections[2m]) "
        "- max_over_time(pusher_tcp_connections[5m]) > 5"
    ),
    "for": "5m",
}
