"""The lifecycle still waited in my_lifecycle, line 12: await asyncio.wait(tasks, timeout=600)"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=600)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
