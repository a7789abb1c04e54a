"""One alert for some ghosts, one for many."""

my_alert = """
- alert: Ghosts
  expr: pusher_active_ws_connections - pusher_tcp_connections > 5
  for: 5m
  labels: {severity: warning}
- alert: ManyGhosts
  expr: pusher_active_ws_connections - pusher_tcp_connections > 100
  for: 5m
  labels: {severity: critical}
"""
