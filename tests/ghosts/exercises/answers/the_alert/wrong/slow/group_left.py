"""`pusher_active_ws_connections - on () group_left () sum(pusher_tcp_connections)` is -85 there"""

my_alert = {
    "expr": "pusher_active_ws_connections - on () group_left () sum(pusher_tcp_connections) > 5",
    "for": "5m",
}
