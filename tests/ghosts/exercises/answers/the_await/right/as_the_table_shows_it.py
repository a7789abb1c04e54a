"""The names of lab.waits."""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "return await answer.json()",
}
