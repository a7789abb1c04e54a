"""One rule."""

my_alert = """
alert: Ghosts
expr: pusher_active_ws_connections > pusher_tcp_connections + 5
for: 5m
"""
