"""The name of the member of Backend."""

my_finding = {
    "task": "transcripts",
    "backend": "Backend.TRANSCRIPT_WEBHOOK",
    "line": "return await answer.json()",
}
