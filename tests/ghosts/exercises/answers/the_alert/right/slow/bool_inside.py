"""A comparison with bool, compared."""

my_alert = {
    "expr": "(pusher_active_ws_connections > bool pusher_tcp_connections + 5) == 1",
    "for": "5m",
}
