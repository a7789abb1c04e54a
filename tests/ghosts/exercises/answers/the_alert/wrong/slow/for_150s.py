"""it fires at minute 42.5 on a healthy pod that all 120"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "150s"}
