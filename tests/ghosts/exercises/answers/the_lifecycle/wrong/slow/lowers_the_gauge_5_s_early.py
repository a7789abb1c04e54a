"""A session was no longer counted at 362 s, and ended 5 s later"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await asyncio.sleep(5)
        await session.close()
