"""it fires at minute 3 on the same devices where nothing fails"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 0", "for": "0m"}
