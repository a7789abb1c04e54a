"""Medians of both."""

my_alert = {
    "expr": "quantile_over_time(0.5, pusher_active_ws_connections[5m]) - quantile_over_time(0.5, pusher_tcp_connections[5m]) > 6",
    "for": "5m",
}
