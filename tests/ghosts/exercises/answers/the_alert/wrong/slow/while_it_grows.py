"""`changes(pusher_active_ws_connections[10m])` is 0 there"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and changes(pusher_active_ws_connections[10m]) > 0",
    "for": "5m",
}
