"""it fires at minute 5 on a healthy pod whose load balancer"""

my_alert = {"expr": "abs(pusher_active_ws_connections - pusher_tcp_connections) > 5", "for": "5m"}
