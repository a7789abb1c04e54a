"""it fires at minute 36 in a fleet of 5 pods, and does not name the pod: its alert has no label. `count`"""

my_alert = {
    "expr": "count(pusher_active_ws_connections - pusher_tcp_connections > 5) > 0",
    "for": "5m",
}
