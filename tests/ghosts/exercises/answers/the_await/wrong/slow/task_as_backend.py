"""'transcripts' is no backend of this pod. It has storage"""

my_finding = {
    "task": "transcripts",
    "backend": "transcripts",
    "line": "return await answer.json()",
}
