"""it fires at minute 21 on one of three pods"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "20m"}
