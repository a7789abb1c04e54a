"""that line is where the task handler waits"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "await asyncio.gather(*session.start())",
}
