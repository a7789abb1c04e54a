"""raised ExceptionGroup because of NameError: name 'task' is not defined, after its device had left; in drain, line 7"""

import asyncio


async def drain(tasks):
    await asyncio.wait(task, timeout=30)


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(drain(tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
