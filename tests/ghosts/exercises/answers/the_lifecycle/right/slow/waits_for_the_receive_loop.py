"""The receive loop alone, which here has the timeout of the service."""

import asyncio


async def my_lifecycle(session):
    tasks = []
    try:
        session.gauge.inc()
        receive, *loops = tasks = session.start(receive_timeout=300)
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=40)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)
        session.gauge.dec()
        await session.close()
