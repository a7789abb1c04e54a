"""Clamped and bounded."""

my_alert = {
    "expr": "clamp_min(pusher_active_ws_connections - pusher_tcp_connections, 0) > 5 and on (pod) pusher_active_ws_connections > 5",
    "for": "5m",
}
