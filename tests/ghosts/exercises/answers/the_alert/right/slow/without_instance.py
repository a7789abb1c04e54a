"""Aggregated without another label."""

my_alert = {
    "expr": "sum without (instance) (pusher_active_ws_connections - pusher_tcp_connections) > 5",
    "for": "5m",
}
