"""never lets the loop idle, so simulated time does not pass; it is in my_lifecycle, line 10: await asyncio.sleep(0)"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    while not tasks[0].done():
        await asyncio.sleep(0)
    session.gauge.dec()
    await session.close()
