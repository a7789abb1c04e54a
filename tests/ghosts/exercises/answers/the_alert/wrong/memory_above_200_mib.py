"""Memory is also what waits to be uploaded: it does not say whose it is"""

my_alert = {"expr": "process_resident_memory_bytes > 150 * 1024 * 1024", "for": "1m"}
