"""the gauge is raised and never lowered"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    await session.close()
