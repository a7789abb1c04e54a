"""match the same series of the other side"""

my_alert = {"expr": 'pusher_active_ws_connections - on () {pod="pusher-1"} > 5', "for": "5m"}
