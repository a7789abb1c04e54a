"""The square of the difference."""

my_alert = {
    "expr": "(pusher_active_ws_connections - pusher_tcp_connections) ^ 2 > 30 and pusher_active_ws_connections > pusher_tcp_connections",
    "for": "5m",
}
