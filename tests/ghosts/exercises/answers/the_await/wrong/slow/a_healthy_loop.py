"""it had nothing to send, and has ended"""

my_finding = {"task": "audio_bytes", "backend": "audio_webhook", "line": "x"}
