"""The name of the task as asyncio has it, and the line with its indentation."""

my_finding = {
    "task": "ws:device-000:transcripts",
    "backend": "transcript_webhook",
    "line": "            return await answer.json()\n",
}
