"""cut off after 165 s, because storage did not answer"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, upload, *others = tasks = session.start()
    try:
        held = 0
        while not receive.done() and held < 5:
            await asyncio.wait([receive], timeout=15)
            held = held + 1 if session.audio.held_bytes > 100_000 else 0
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
