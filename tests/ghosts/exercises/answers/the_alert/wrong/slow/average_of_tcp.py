"""it compares values of different times"""

my_alert = {
    "expr": "pusher_active_ws_connections - avg_over_time(pusher_tcp_connections[15m]) > 5",
    "for": "5m",
}
