"""A series that is missing says nothing about ghosts"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 or absent(pusher_tcp_connections)",
    "for": "5m",
}
