"""It ended after 155 s: all that it waits for after the departure has to be over"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=155)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
