"""`offset 5m` reads what pods exposed at another time"""

my_alert = {
    "expr": "pusher_active_ws_connections - (pusher_tcp_connections offset 5m) > 8",
    "for": "10m",
}
