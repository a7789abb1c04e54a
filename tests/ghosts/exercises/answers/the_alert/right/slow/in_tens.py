"""Tens, rounded up."""

my_alert = {
    "expr": "ceil((pusher_active_ws_connections - pusher_tcp_connections) / 10) > 1",
    "for": "5m",
}
