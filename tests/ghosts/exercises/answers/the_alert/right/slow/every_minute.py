"""Evaluated every minute."""

my_alert = """
groups:
  - name: mine
    interval: 1m
    rules:
      - alert: Ghosts
        expr: pusher_active_ws_connections - pusher_tcp_connections > 5
        for: 4m
"""
