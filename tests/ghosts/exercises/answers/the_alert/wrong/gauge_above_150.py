"""`pusher_active_ws_connections` is 51 there, not > 150"""

my_alert = {"expr": "pusher_active_ws_connections > 150", "for": "5m"}
