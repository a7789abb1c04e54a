"""AttributeError: 'Session' object has no attribute 'recieve'"""


async def my_record(session):
    with session.gauge.track_inprogress():
        await session.recieve()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
