"""no longer stored: 192,000 of 5,760,000 bytes. Its upload loop was ended by a limit of its own"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive], timeout=3600)
        if not receive.done():
            loops[0].cancel()
            await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
