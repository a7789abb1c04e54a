"""and the shutdown event was set 30 s after it. A speaker sample is queued for 120 s"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        await asyncio.wait(loops, timeout=30)
        session.signals.shutdown.set()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
