"""with `bool` a comparison returns 0 or 1 instead of leaving series out"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > bool 5", "for": "5m"}
