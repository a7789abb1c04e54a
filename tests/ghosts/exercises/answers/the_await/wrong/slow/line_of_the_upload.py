"""that line is where the task private_cloud waits"""

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": "answer: T = await job.answer",
}
