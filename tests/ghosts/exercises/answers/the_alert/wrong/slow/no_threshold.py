"""It fires on 21 of 23 pods without ghosts"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections", "for": "5m"}
