"""in Transcripts.send_queued, only waits for the next one"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "await self._send(self._queue.popleft())",
}
