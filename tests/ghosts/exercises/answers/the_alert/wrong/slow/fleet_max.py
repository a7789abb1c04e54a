"""`max` without `by (pod)` is over all pods"""

my_alert = {"expr": "max(pusher_active_ws_connections - pusher_tcp_connections) > 5", "for": "5m"}
