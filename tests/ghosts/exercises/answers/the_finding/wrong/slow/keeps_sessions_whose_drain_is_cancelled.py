"""Still in memory: 2 of 46 sessions that have ended. So they have ended: the server"""

import asyncio

KEPT = []


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        KEPT.append(session)
        await asyncio.wait(loops, timeout=30)
        KEPT.remove(session)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
