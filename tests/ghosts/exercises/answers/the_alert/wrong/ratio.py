"""`pusher_active_ws_connections / pusher_tcp_connections` is 1.08 there, not > 1.25. It asks for a share"""

my_alert = {
    "expr": (
        "pusher_active_ws_connections / pusher_tcp_connections > 1.25 "
        "and pusher_active_ws_connections > 10"
    ),
    "for": "10m",
}
