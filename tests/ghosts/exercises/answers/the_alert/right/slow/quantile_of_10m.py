"""A low quantile."""

my_alert = {
    "expr": "quantile_over_time(0.1, (pusher_active_ws_connections - pusher_tcp_connections)[6m:30s]) > 5",
    "for": "0m",
}
