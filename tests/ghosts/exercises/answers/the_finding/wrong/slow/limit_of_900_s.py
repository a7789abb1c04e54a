"""A device that stays is cut off, 16 minutes after it has connected"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        async with asyncio.timeout(900):
            await session.receive()
            await asyncio.wait(loops, timeout=30)
    except TimeoutError:
        print("limit")
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
