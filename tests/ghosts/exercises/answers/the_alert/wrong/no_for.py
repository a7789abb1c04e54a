"""it fires at minute 10.5 on a healthy pod that all 26 devices leave at once, twice: gauge 26"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "0s"}
