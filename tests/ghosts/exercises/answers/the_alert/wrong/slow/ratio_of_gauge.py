"""is 0.07407 there, not > 0.2"""

my_alert = {
    "expr": "(pusher_active_ws_connections - pusher_tcp_connections) / pusher_active_ws_connections > 0.2",
    "for": "5m",
}
