"""it fires at minute 6 in a fleet of 5 pods"""

my_alert = {
    "expr": "max_over_time(pusher_active_ws_connections[20m]) - max_over_time(pusher_tcp_connections[20m]) > 5 or count(count_over_time(pusher_active_ws_connections[20m])) > 1",
    "for": "5m",
}
