"""leaves the pod out"""

my_alert = {
    "expr": "pusher_active_ws_connections >= 36 unless pusher_tcp_connections >= 36",
    "for": "5m",
}
