"""The drain itself in the finally, which has a finally of its own."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
    finally:
        session.signals.shutdown.set()
        try:
            await asyncio.wait(tasks, timeout=30)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            session.gauge.dec()
            await session.close()
