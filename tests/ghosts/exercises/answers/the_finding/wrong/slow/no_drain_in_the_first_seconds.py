"""had stayed for 4 s, and audio was not uploaded yet at the disconnect"""

import asyncio


async def my_record(session):
    begun = asyncio.get_running_loop().time()
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        if asyncio.get_running_loop().time() - begun > 5:
            await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
