"""A small share and a difference."""

my_alert = {
    "expr": "pusher_active_ws_connections / pusher_tcp_connections > 1.05 and pusher_active_ws_connections - pusher_tcp_connections > 6",
    "for": "5m",
}
