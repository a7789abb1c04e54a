"""The largest of each pod."""

my_alert = {
    "expr": "topk by (pod) (1, pusher_active_ws_connections - pusher_tcp_connections) > 5",
    "for": "5m",
}
