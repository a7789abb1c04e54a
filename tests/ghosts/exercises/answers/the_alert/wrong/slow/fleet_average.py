"""`avg` without `by (pod)` is over all pods"""

my_alert = {
    "expr": "avg(pusher_active_ws_connections) - avg(pusher_tcp_connections) > 3",
    "for": "5m",
}
