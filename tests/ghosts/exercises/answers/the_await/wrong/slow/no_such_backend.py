"""'the database' is no backend"""

my_finding = {
    "task": "transcripts",
    "backend": "the database",
    "line": "return await answer.json()",
}
