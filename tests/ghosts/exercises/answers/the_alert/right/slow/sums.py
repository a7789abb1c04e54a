"""Added up by pod."""

my_alert = {
    "expr": (
        "sum by (pod) (pusher_active_ws_connections) - sum by (pod) (pusher_tcp_connections) >= 6"
    ),
    "for": "5m",
}
