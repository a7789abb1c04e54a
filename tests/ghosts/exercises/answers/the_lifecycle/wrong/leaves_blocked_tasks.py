"""tasks outlived their session: private_cloud. The lifecycle ended after the device had left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    session.gauge.dec()
    await session.close()
