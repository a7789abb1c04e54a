"""Its upload loop was ended, with the session of another device or by"""

import asyncio

everything = []


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    everything.extend(tasks[1:])
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in everything:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
