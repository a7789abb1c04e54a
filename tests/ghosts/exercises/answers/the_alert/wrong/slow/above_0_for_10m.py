"""it fires at minute 10 on a healthy pod with 200 devices, 5 of whose sessions are always draining: gauge 205"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 0", "for": "10m"}
