"""All pods but those that are well."""

my_alert = {
    "expr": (
        "pusher_active_ws_connections > 0 unless pusher_active_ws_connections "
        "- pusher_tcp_connections <= 5"
    ),
    "for": "5m",
}
