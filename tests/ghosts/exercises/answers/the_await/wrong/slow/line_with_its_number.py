"""no task of the session is suspended at '1: return await answer.json()'"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "1: return await answer.json()",
}
