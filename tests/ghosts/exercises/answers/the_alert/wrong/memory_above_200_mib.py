"""It has 184 MiB and 0 ghosts"""

my_alert = {"expr": "process_resident_memory_bytes > 150 * 1024 * 1024", "for": "1m"}
