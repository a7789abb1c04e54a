"""there is no alert among the rules"""

my_alert = """
- record: pod:ghosts
  expr: pusher_active_ws_connections - pusher_tcp_connections
"""
