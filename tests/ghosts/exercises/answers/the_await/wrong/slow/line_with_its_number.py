"""the line is the right one, with less or more around it"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "78: return await answer.json()",
}
