"""conversations is not called in this chain"""

my_finding = {
    "task": "transcripts",
    "backend": "conversations",
    "line": "return await answer.json()",
}
