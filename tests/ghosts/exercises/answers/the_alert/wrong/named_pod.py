"""it never fires: no series matches"""

my_alert = {
    "expr": 'pusher_active_ws_connections{pod="pusher-1"} - pusher_tcp_connections{pod="pusher-1"} > 5',
    "for": "5m",
}
