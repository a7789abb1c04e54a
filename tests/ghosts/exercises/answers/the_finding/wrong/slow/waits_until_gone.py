"""because a device has sent text, the session has not ended"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    receive = asyncio.create_task(session.receive())
    try:
        while not session.gone:
            await asyncio.sleep(1)
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in [*loops, receive]:
            loop.cancel()
        await asyncio.gather(*loops, receive, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
