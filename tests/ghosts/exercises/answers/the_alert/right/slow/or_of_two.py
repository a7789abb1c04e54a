"""Many at once, or few for long."""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 10 or pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "8m",
}
