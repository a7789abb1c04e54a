"""A keep_firing_for of 60 minutes is too long"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "5m",
    "keep_firing_for": "1h",
}
