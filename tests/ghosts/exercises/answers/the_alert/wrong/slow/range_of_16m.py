"""A range of 16 minutes still has them"""

my_alert = {
    "expr": "last_over_time(pusher_active_ws_connections[16m]) - last_over_time(pusher_tcp_connections[16m]) > 5",
    "for": "3m",
}
