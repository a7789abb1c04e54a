"""cut off after 300 s: a time limit of the lifecycle runs while the device is connected (in my_lifecycle, line 10: async with asyncio.timeout(300):)"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        async with asyncio.timeout(300):
            await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
