"""no attribute 'app'"""

my_answer = {
    "line": 61,
    "dependency": "storage.internal",
    "rule": 3,
    "fix": "async def record(session):\n    await session.receive()\n\n\nother = 1\n",
}
