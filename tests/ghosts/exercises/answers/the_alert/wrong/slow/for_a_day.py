"""it does not fire on the pod of the incident. At minute 68, 15 minutes after there were 15 ghosts: gauge 58, TCP connections 22. Its expression holds early enough"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "1d"}
