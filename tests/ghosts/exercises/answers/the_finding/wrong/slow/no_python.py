"""cannot be imported: SyntaxError"""

my_answer = {
    "line": 61,
    "dependency": "storage.internal",
    "rule": 3,
    "fix": "async def record(session)\n    pass\n",
}
