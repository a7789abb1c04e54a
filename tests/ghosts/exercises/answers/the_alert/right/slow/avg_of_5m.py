"""An average, and a long wait."""

my_alert = {
    "expr": "avg_over_time(pusher_active_ws_connections[5m]) - avg_over_time(pusher_tcp_connections[5m]) > 8",
    "for": "10m",
}
