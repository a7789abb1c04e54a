"""something polls in steps that are too short"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    while not tasks[0].done():
        await asyncio.sleep(0.000_1)
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    session.gauge.dec()
    await session.close()
