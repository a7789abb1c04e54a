"""is 15 there, not > 15. Lower the threshold"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 15", "for": "5m"}
