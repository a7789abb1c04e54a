"""A range of 60 minutes still has them"""

my_alert = {
    "expr": "last_over_time(pusher_active_ws_connections[1h]) - last_over_time(pusher_tcp_connections[1h]) > 5",
    "for": "5m",
}
