"""healthy devices were cut off when the session of another device ended"""

import asyncio

everything = []


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    everything.extend(tasks)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in everything:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
