"""`sum(pusher_active_ws_connections) - sum(pusher_tcp_connections)` is 14 there, not > 20"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and on () sum(pusher_active_ws_connections) - sum(pusher_tcp_connections) > 20",
    "for": "5m",
}
