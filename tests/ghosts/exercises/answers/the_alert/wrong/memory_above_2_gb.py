"""Memory grows only once uploads no longer end, which is later than the first ghosts"""

my_alert = {"expr": "process_resident_memory_bytes > 2e9", "for": "5m"}
