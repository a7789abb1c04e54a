"""As few as can be."""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections >= 15", "for": "10m"}
