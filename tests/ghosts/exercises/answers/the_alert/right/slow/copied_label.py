"""The difference, its pod under a second label as well, the largest first."""

my_alert = {
    "expr": "sort_desc(label_replace(pusher_active_ws_connections - pusher_tcp_connections > 5, "
    '"instance", "$1", "pod", "(.+)"))',
    "for": "5m",
}
