"""A device that stays is cut off, 7 minutes after it has connected"""

import asyncio


async def my_record(session):
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    session.gauge.inc()
    try:
        async with asyncio.timeout(300):
            await session.receive()
    except TimeoutError:
        pass
    finally:
        session.gone = True
        await asyncio.wait(loops, timeout=30)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
