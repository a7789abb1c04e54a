"""A session was no longer counted at 111 s, and ended 1 s later"""

import asyncio


async def my_lifecycle(session):
    counted = True
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    except asyncio.CancelledError:
        counted = False
        session.gauge.dec()
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if counted:
            session.gauge.dec()
        await session.close()
