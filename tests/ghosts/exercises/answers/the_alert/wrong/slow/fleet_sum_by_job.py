"""it fires at minute 67 in a fleet of 5 pods"""

my_alert = {
    "expr": "sum by (job) (pusher_active_ws_connections) - sum by (job) (pusher_tcp_connections) > 12",
    "for": "5m",
}
