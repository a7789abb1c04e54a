"""the task is suspended at no such line"""

my_finding = {"task": "transcripts", "backend": "transcript_webhook", "line": "await everything"}
