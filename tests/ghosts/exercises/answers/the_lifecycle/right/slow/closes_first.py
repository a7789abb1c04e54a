"""The connection is closed first, which ends the receive loop also after the exception of a loop."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await session.close()
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
