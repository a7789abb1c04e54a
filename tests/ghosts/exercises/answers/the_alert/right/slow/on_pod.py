"""Matched by pod."""

my_alert = {
    "expr": "pusher_active_ws_connections - on (pod) pusher_tcp_connections > 8",
    "for": "4m",
}
