"""Two strings."""

my_alert = ("pusher_active_ws_connections - pusher_tcp_connections > 5", "5m")
