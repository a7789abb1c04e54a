"""not > 1,000,000,000. Memory does not tell whether there are ghosts."""

my_alert = {
    "expr": "process_resident_memory_bytes > 1e9 and pusher_active_ws_connections > 20",
    "for": "5m",
}
