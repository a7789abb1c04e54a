"""Matched with group_left."""

my_alert = {
    "expr": "pusher_active_ws_connections - on (pod) group_left () pusher_tcp_connections > 5",
    "for": "5m",
}
