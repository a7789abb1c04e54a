"""is 28 there, not > 150. Lower the threshold"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 150", "for": "5m"}
