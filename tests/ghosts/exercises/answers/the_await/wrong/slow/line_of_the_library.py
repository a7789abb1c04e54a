"""that line belongs to the HTTP library"""

my_finding = {"task": "transcripts", "backend": "transcript_webhook", "line": "await waiter"}
