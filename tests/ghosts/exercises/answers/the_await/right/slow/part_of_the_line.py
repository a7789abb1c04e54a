"""The line without its `return`."""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "await answer.json()",
}
