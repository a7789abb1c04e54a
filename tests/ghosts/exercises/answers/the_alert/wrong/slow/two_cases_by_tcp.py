"""it fires at minute 5 on a healthy pod with 17 devices"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 12 and pusher_tcp_connections >= 20 or pusher_active_ws_connections > 14 and pusher_tcp_connections < 20",
    "for": "5m",
}
