"""`offset 20m` reads what pods exposed at another time"""

my_alert = {
    "expr": "(pusher_active_ws_connections offset 20m) - (pusher_tcp_connections offset 20m) > 5",
    "for": "5m",
}
