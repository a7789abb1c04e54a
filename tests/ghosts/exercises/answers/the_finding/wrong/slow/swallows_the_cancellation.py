"""A task was cancelled and goes on"""

import asyncio


async def stubborn(session):
    while True:
        try:
            await session.upload()
        except asyncio.CancelledError:
            continue
        return


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(stubborn(session)), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops, timeout=5)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
