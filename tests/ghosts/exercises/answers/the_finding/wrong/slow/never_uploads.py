"""Nothing is uploaded any more: storage.internal is never called"""


async def my_record(session):
    with session.gauge.track_inprogress():
        await session.receive()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
