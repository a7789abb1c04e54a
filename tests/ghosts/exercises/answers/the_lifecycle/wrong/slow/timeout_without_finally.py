"""raised TimeoutError, after its device had left; in my_lifecycle, line 11: async with asyncio.timeout(30):"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)
    session.gauge.dec()
    await session.close()
