"""A recorded difference, as this suite has it."""

my_alert = """
groups:
  - name: mine
    interval: 30s
    rules:
      - record: pod:ghosts:difference
        expr: pusher_active_ws_connections - pusher_tcp_connections
        labels:
          service: pusher
      - alert: Ghosts
        expr: pod:ghosts:difference > 5
        for: 5m
        labels:
          severity: critical
"""
