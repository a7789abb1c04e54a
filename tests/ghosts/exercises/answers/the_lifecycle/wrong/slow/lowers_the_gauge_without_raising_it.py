"""never raised for a session: it reads 0 for"""

import asyncio


async def my_lifecycle(session):
    tasks = session.start()
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
