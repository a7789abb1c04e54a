"""It holds early enough: what is too long is its `for`"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "2h"}
