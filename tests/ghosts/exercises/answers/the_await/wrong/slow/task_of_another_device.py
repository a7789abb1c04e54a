"""ws:device-001:transcripts is no task of device-000"""

my_finding = {
    "task": "ws:device-001:transcripts",
    "backend": "transcript_webhook",
    "line": "return await answer.json()",
}
