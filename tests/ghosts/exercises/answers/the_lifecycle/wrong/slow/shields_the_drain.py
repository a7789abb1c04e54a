"""The lifecycle still waited in my_lifecycle, line 14: await asyncio.shield(drained)"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        drained = asyncio.gather(*tasks)
        await asyncio.wait([drained], timeout=30)
        await asyncio.shield(drained)
    finally:
        session.gauge.dec()
        await session.close()
