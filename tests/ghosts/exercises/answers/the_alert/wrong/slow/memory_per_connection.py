"""process_resident_memory_bytes / pusher_tcp_connections"""

my_alert = {"expr": "process_resident_memory_bytes / pusher_tcp_connections > 2e7", "for": "5m"}
