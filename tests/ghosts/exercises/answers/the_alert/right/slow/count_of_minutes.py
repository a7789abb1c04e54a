"""Counts the readings."""

my_alert = {
    "expr": "count_over_time((pusher_active_ws_connections - pusher_tcp_connections > 5)[10m:1m]) >= 8",
    "for": "0m",
}
