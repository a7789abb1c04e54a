"""it fires at minute 10 on a healthy pod whose load balancer"""

my_alert = {"expr": "pusher_active_ws_connections != pusher_tcp_connections", "for": "10m"}
