"""The gauge alone looks like load until there are more ghosts than devices"""

my_alert = {"expr": "pusher_active_ws_connections > 150", "for": "5m"}
