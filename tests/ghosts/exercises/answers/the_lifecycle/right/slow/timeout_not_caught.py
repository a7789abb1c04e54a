"""The time limit of the drain leaves the lifecycle as an exception, after the clean-up."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait(tasks[:1])
        async with asyncio.timeout(60):
            session.signals.shutdown.set()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await session.close()
        session.gauge.dec()
