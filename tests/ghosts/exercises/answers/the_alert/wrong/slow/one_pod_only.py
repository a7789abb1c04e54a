"""`count(pusher_active_ws_connections - pusher_tcp_connections > 5)` is"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and on () count(pusher_active_ws_connections - pusher_tcp_connections > 5) == 1",
    "for": "5m",
}
