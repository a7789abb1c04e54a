"""The gauge alone does not tell devices from ghosts: compare it with the TCP connections"""

my_alert = {"expr": "pusher_active_ws_connections > 30", "for": "5m"}
