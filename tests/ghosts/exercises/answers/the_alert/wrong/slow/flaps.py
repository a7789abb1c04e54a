"""never for 60 minutes without a break"""

my_alert = {"expr": "changes(pusher_active_ws_connections[5m]) > 3", "for": "1h"}
