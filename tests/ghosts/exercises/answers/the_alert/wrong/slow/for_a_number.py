"""got '5'"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "5"}
