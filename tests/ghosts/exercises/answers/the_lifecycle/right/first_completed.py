"""asyncio.wait, twice."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = []
    try:
        tasks = session.start()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
