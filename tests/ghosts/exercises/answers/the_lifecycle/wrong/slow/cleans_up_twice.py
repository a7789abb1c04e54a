"""lowered more than once for a session: it reads -20 for 11 sessions"""

import asyncio


async def cleanup(session, tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    session.gauge.dec()
    await session.close()


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
        await cleanup(session, tasks)
    finally:
        await cleanup(session, tasks)
