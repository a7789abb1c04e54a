"""A lifecycle that is cancelled has to end"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    while not all(task.done() for task in tasks):
        try:
            await tasks[0]
            session.signals.shutdown.set()
            _, pending = await asyncio.wait(tasks, timeout=30)
            for task in pending:
                task.cancel()
        except asyncio.CancelledError:
            await asyncio.sleep(3600)
    session.gauge.dec()
    await session.close()
