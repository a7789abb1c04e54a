"""The session ends when the first of its tasks has; the receive loop is ended before the others."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = []
    try:
        receive, *loops = tasks = session.start()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        receive.cancel()
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
