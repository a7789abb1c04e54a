"""The gauge does not count such a drain in the background"""

import asyncio

DRAINS = set()


async def drained(session, loops):
    await asyncio.wait(loops, timeout=25)
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops)


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
    finally:
        session.gauge.dec()
        drain = asyncio.create_task(drained(session, loops))
        DRAINS.add(drain)
        drain.add_done_callback(DRAINS.discard)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
