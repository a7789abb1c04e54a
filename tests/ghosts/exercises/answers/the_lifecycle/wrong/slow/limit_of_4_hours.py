"""cut off after 14,400 s (4 h): a time limit of the lifecycle runs"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive], timeout=14400)
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
