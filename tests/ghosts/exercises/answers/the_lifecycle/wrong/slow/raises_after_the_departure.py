"""raised ValueError: not ready, after its device had left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    raise ValueError("not ready")
