"""too many when the server cancels the handler"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.set(0)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
