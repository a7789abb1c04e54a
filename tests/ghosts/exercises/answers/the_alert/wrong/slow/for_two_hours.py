"""it fires at minute 151 on the pod of the incident"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "2h"}
