"""More room on a large pod."""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 + 0.02 * pusher_tcp_connections",
    "for": "5m",
}
