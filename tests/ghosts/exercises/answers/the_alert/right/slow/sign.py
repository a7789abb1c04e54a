"""Its sign."""

my_alert = {
    "expr": "sgn(pusher_active_ws_connections - pusher_tcp_connections - 5) == 1",
    "for": "5m",
}
