"""It closes the connection first, and cancels then."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait([tasks[0]])
        session.signals.shutdown.set()
        await asyncio.wait(tasks[1:], timeout=30)
    finally:
        await session.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
