"""The gauge is lowered while tasks that were cancelled still run"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        session.gauge.dec()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
