"""It fires on every pod: what it asks for holds without ghosts"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections", "for": "5m"}
