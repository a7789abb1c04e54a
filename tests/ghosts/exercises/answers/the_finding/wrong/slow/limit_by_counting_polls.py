"""A device that stays is cut off, 1260 minutes after it has connected"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    receive = asyncio.create_task(session.receive())
    try:
        for _ in range(720):
            done, _ = await asyncio.wait([receive], timeout=5)
            if done:
                break
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in [*loops, receive]:
            loop.cancel()
        await asyncio.gather(*loops, receive, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
