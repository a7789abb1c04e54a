"""A loop that has raised an exception never does what is waited for"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
        for task in tasks:
            task.cancel()
        while any(task.done() and not task.cancelled() and task.exception() for task in tasks):
            await asyncio.sleep(5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
