"""match the same series of the other side"""

my_alert = {"expr": "pusher_active_ws_connections - on () pusher_tcp_connections > 5", "for": "5m"}
