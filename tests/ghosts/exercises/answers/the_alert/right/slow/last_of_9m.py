"""The last values, also where scrapes fail."""

my_alert = {
    "expr": "last_over_time(pusher_active_ws_connections[9m]) - last_over_time(pusher_tcp_connections[9m]) > 5",
    "for": "5m",
}
