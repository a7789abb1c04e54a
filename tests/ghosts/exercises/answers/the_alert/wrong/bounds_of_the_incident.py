"""`pusher_tcp_connections` is 200 there, not < 30"""

my_alert = {
    "expr": "pusher_active_ws_connections > 35 and pusher_tcp_connections < 30",
    "for": "5m",
}
