"""it fires at minute 11 on a healthy pod with 22 devices, 3 of whose sessions"""

my_alert = {"expr": "pusher_active_ws_connections > pusher_tcp_connections * 1.05", "for": "10m"}
