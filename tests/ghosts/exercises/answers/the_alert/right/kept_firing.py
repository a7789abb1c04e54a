"""It goes on for 5 minutes."""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "5m",
    "keep_firing_for": "5m",
    "labels": {"severity": "page"},
}
