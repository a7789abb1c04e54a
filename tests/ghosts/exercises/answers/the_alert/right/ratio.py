"""A ratio."""

my_alert = {
    "expr": (
        "pusher_active_ws_connections / pusher_tcp_connections > 1.25 "
        "and pusher_active_ws_connections > 10"
    ),
    "for": "10m",
}
