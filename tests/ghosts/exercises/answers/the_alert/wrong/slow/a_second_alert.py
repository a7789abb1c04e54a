"""alert Load: it fires at minute 12.5"""

my_alert = """
- alert: Ghosts
  expr: pusher_active_ws_connections - pusher_tcp_connections > 5
  for: 5m
- alert: Load
  expr: pusher_active_ws_connections > 150
  for: 5m
"""
