"""mad_over_time() is not covered here"""

my_alert = {
    "expr": "mad_over_time((pusher_active_ws_connections - pusher_tcp_connections)[5m:]) > 5",
    "for": "5m",
}
