"""`pusher_active_ws_connections - pusher_tcp_connections * 1.2` is -24 there"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections * 1.2 > 5", "for": "5m"}
