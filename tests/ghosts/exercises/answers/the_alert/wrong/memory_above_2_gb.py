"""`process_resident_memory_bytes` is 396,058,624 there"""

my_alert = {"expr": "process_resident_memory_bytes > 2e9", "for": "5m"}
