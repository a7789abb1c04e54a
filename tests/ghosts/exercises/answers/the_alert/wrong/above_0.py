"""devices come and go, and some of those that have left are still draining"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 0", "for": "0m"}
