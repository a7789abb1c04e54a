"""label_replace() is not covered here"""

my_alert = {
    "expr": 'label_replace(pusher_active_ws_connections, "a", "b", "c", "d") > 30',
    "for": "5m",
}
