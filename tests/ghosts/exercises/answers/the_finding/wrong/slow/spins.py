"""A task polls without a pause, and leaves no time for anything else"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    await session.receive()
    while not all(loop.done() for loop in loops):
        await asyncio.sleep(0)
    session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
