"""It fires on 19 of 21 pods without ghosts"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections", "for": "5m"}
