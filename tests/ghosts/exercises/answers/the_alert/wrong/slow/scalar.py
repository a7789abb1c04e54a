"""`scalar` has a value only where there is a single series"""

my_alert = {
    "expr": "pusher_active_ws_connections - scalar(pusher_tcp_connections) > 5",
    "for": "5m",
}
