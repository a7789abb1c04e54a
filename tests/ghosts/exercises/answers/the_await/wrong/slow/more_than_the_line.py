"""there is more around it"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "if not answer.ok: return await answer.json()",
}
