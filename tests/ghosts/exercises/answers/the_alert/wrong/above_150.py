"""It asks for more ghosts than there are in the first hour: lower the threshold"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 150", "for": "5m"}
