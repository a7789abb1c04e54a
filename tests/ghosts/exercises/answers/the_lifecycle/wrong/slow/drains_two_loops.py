"""1 transcript was dropped: the loops were cancelled 0 s after the device had left, and it takes 5 s to send one"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait([tasks[0]])
        session.signals.shutdown.set()
        await asyncio.wait(tasks[1:3], timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
