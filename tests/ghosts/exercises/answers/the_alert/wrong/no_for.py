"""Their sessions drain for up to 150 s, which is no fault: the alert has to wait longer"""

my_alert = {"expr": "pusher_active_ws_connections - pusher_tcp_connections > 5", "for": "0s"}
