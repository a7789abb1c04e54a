"""no task of the session is suspended at 'ghosts/clients/http.py:1'"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "ghosts/clients/http.py:1",
}
