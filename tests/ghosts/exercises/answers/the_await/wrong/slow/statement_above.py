"""in Transcripts._send, only waits for the next one"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "await self._clients.send_transcript(self._uid, text)",
}
