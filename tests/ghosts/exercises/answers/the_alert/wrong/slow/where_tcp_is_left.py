"""`pusher_tcp_connections` is 0 there, not > 0"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and pusher_tcp_connections > 0",
    "for": "5m",
}
