"""that is a part of several lines"""

my_finding = {"task": "transcripts", "backend": "transcript_webhook", "line": "return await"}
