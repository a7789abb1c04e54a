"""but is evaluated every 20 minutes"""

my_alert = """
groups:
  - name: mine
    interval: 20m
    rules:
      - alert: Ghosts
        expr: pusher_active_ws_connections - pusher_tcp_connections > 5
        for: 5m
"""
