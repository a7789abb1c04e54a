"""A session was no longer counted at 362 s, and ended 4 s later"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
    finally:
        session.gauge.dec()
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await session.close()
