"""the gauge was never raised for a session: it reads 5 for"""

import asyncio


async def my_lifecycle(session):
    if "leaves" not in session.uid:
        session.gauge.inc()
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
