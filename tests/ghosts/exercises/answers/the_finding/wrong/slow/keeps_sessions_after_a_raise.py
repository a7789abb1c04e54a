"""So they have ended: receive() raises, because a device has sent text; the server cancels"""

import asyncio

SESSIONS = set()


async def my_record(session):
    SESSIONS.add(session)
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
        SESSIONS.discard(session)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
