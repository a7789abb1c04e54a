"""it fires at minute 5.5 on a healthy pod with 200 devices, 5 of whose"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 4", "for": "5m"}
