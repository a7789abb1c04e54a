"""A device that stays is cut off, 24 minutes after it has connected"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    receive = asyncio.create_task(session.receive())
    try:
        seen, before = asyncio.get_running_loop().time(), 0
        while not receive.done():
            await asyncio.wait([receive], timeout=10)
            if len(session.audio) != before:
                seen, before = asyncio.get_running_loop().time(), len(session.audio)
            if asyncio.get_running_loop().time() - seen > 1200:
                break
        receive.cancel()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in [*loops, receive]:
            loop.cancel()
        await asyncio.gather(*loops, receive, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
