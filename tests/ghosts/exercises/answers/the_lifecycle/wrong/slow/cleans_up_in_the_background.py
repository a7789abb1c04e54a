"""tasks outlived their session: clean_up"""

import asyncio


async def my_lifecycle(session):
    async def clean_up():
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
        for task in tasks:
            task.cancel()
        await session.close()

    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
    finally:
        asyncio.create_task(clean_up())
        session.gauge.dec()
