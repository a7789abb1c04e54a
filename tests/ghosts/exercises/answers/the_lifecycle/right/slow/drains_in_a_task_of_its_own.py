"""The drain is a task of its own, and so is the end of each loop."""

import asyncio


async def end(session, tasks):
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait(tasks[:1])
        await asyncio.create_task(end(session, tasks))
    finally:
        await asyncio.gather(*(stop(task) for task in tasks))
        session.gauge.dec()
        await session.close()


async def stop(task):
    task.cancel()
    await asyncio.wait([task])
