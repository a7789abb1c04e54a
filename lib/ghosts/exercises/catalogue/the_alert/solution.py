"""A solution of the exercise: both counts are read in one scrape, and compared for each pod."""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "5m",
}
