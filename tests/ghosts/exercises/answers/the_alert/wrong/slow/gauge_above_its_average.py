"""it stops at minute 115.5 on the pod of the incident"""

my_alert = {
    "expr": "pusher_active_ws_connections > 1.5 * avg_over_time(pusher_active_ws_connections[1h])",
    "for": "5m",
}
