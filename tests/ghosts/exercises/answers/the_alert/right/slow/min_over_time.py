"""It waits inside of the expression."""

my_alert = {
    "expr": "min_over_time((pusher_active_ws_connections - pusher_tcp_connections)[5m:30s]) > 5",
    "for": "0m",
}
