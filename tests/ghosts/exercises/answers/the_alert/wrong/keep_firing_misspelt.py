"""keep_firing is not covered here"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "5m",
    "keep_firing": "1h",
}
