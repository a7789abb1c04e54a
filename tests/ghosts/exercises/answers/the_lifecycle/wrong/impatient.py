"""the loops were cancelled 5 s after the device had left. Storage needed 14 s for each of two uploads, one of them under way: 26 s in all. The bound of the drain is too short"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        await asyncio.wait(tasks, timeout=5)
    finally:
        for task in tasks:
            task.cancel()
        session.gauge.dec()
        await session.close()
