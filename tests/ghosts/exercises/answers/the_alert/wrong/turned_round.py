"""subtract the other way round"""

my_alert = {"expr": "pusher_tcp_connections - pusher_active_ws_connections > 5", "for": "5m"}
