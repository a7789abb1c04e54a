"""a range of 60 minutes still has what was before"""

my_alert = {
    "expr": "max_over_time(pusher_active_ws_connections[1h]) - pusher_tcp_connections > 5",
    "for": "5m",
}
