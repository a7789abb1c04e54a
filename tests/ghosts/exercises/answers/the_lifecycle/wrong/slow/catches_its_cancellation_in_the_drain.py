"""and 2 of 9 returned without an exception, after 0 s: the CancelledError was caught"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        try:
            await asyncio.wait(loops, timeout=60)
        except asyncio.CancelledError:
            pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
