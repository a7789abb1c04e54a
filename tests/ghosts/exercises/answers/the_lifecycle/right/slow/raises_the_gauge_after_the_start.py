"""The gauge is raised one turn of the loop after the start."""

import asyncio


async def my_lifecycle(session):
    tasks = session.start()
    await asyncio.sleep(0)
    session.gauge.inc()
    try:
        await asyncio.wait([tasks[0]])
        session.signals.shutdown.set()
        await asyncio.wait(tasks[1:], timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
