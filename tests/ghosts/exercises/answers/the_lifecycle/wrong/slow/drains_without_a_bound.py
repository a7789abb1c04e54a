"""The lifecycle still waited in my_lifecycle, line 12: await asyncio.gather(*tasks, return_exceptions=True), and private_cloud has not returned"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
