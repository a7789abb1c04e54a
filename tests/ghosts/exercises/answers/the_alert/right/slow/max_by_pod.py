"""Aggregated by pod."""

my_alert = {
    "expr": "max by (pod) (pusher_active_ws_connections) > max by (pod) (pusher_tcp_connections) + 7",
    "for": "6m",
}
