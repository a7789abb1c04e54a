"""it fires at minute 52.5 on a healthy pod that 12 of 40"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "2m"}
