"""The gauge does not count the devices: 3 are connected, and it reads 0"""

import asyncio


async def my_record(session):
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    await session.receive()
    await asyncio.wait(loops, timeout=30)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
