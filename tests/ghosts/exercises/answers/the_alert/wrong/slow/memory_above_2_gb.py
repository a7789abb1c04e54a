"""`process_resident_memory_bytes` is 396,058,624 there, not > 2,000,000,000"""

my_alert = {"expr": "process_resident_memory_bytes > 2e9", "for": "5m"}
