"""a session has no task 'heartbeat'"""

my_finding = {
    "task": "heartbeat",
    "backend": "transcript_webhook",
    "line": "return await answer.json()",
}
