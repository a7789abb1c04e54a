"""is 150 there, not < 150"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and pusher_active_ws_connections - pusher_tcp_connections < 150",
    "for": "5m",
}
