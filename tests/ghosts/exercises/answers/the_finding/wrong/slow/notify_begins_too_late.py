"""for the first time"""

import asyncio


async def later(seconds, call):
    await asyncio.sleep(seconds)
    await call()


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(later(6, session.notify))]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=45)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
