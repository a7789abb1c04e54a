"""no pod exposes 'pusher_active_connections', so the alert never fires; did you mean"""

my_alert = {"expr": "pusher_active_connections - pusher_tcp_connections > 5", "for": "5m"}
