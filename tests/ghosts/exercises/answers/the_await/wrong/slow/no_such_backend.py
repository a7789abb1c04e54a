"""'the database' is not called in this chain"""

my_finding = {
    "task": "transcripts",
    "backend": "the database",
    "line": "return await answer.json()",
}
