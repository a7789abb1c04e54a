"""the gauge is raised 5 s after the session began"""

import asyncio


async def my_lifecycle(session):
    receive, *loops = tasks = session.start()
    await asyncio.sleep(5)
    session.gauge.inc()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
