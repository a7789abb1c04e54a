"""A pod gets a new name whenever it is replaced: select none by its name"""

my_alert = {
    "expr": 'pusher_active_ws_connections{pod=~"pusher-[0-3].*"} - pusher_tcp_connections > 5',
    "for": "5m",
}
