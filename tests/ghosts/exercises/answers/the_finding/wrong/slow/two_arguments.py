"""it cannot be called with that: missing a required argument: 'websocket'"""


async def my_record(session, websocket):
    await session.receive()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
