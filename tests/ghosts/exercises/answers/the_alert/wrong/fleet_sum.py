"""it fires at minute 66 in a fleet of 5 pods, and does not name the pod: its alert has no label. `sum`"""

my_alert = {
    "expr": "sum(pusher_active_ws_connections) - sum(pusher_tcp_connections) > 10",
    "for": "5m",
}
