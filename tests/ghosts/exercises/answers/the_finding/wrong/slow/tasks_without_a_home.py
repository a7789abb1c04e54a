"""a task that my_record has created runs on"""

import asyncio


async def my_record(session):
    with session.gauge.track_inprogress():
        asyncio.create_task(session.upload())
        asyncio.create_task(session.notify())
        await session.receive()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
