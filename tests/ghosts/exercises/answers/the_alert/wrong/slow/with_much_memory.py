"""not > 600,000,000. Memory does not tell whether there are ghosts"""

my_alert = {
    "expr": "pusher_active_ws_connections - pusher_tcp_connections > 5 and process_resident_memory_bytes > 6e8",
    "for": "5m",
}
