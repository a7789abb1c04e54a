"""`pusher_active_ws_connections - pusher_active_ws_connections offset 10m` is 14 there"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_active_ws_connections offset 10m > 15",
    "for": "5m",
}
