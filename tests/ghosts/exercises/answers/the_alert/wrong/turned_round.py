"""it never fires: the expression has no value at any time of the incident"""

my_alert = {"expr": "pusher_tcp_connections - pusher_active_ws_connections > 5", "for": "5m"}
