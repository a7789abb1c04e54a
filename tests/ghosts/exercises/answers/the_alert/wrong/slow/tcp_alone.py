"""TCP connections alone"""

my_alert = {"expr": "pusher_tcp_connections < 5", "for": "5m"}
