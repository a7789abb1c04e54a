"""for of Mine: should be a duration such as 5m or 90s; got 'five minutes'"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5",
    "for": "five minutes",
}
