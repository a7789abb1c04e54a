"""tasks outlived their session: private_cloud. The lifecycle ended by cancellation while it drained"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
    finally:
        session.signals.shutdown.set()
        _, pending = await asyncio.wait(tasks, timeout=30)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
