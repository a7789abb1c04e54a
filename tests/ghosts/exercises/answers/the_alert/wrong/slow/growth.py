"""devices that come and go change it as well"""

my_alert = {
    "expr": "delta(pusher_active_ws_connections[10m]) - delta(pusher_tcp_connections[10m]) > 2",
    "for": "0m",
}
