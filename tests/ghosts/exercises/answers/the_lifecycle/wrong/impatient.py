"""the loops were cancelled 5 s after the device had left. Storage needed 28 s for an upload that was under way, and what the device sent last was queued behind it: 26 s in all. The bound of the drain is too short"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=5)
    finally:
        for task in tasks:
            task.cancel()
        session.gauge.dec()
        await session.close()
