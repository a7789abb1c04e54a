"""a number alone names no line"""

my_finding = {"task": "transcripts", "backend": "transcript_webhook", "line": "74"}
