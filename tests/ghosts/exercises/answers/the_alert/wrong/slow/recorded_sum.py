"""it fires at minute 60 in a fleet of 5 pods"""

my_alert = """
- record: ghosts
  expr: sum(pusher_active_ws_connections) - sum(pusher_tcp_connections)
- alert: Ghosts
  expr: ghosts > 5
  for: 5m
"""
