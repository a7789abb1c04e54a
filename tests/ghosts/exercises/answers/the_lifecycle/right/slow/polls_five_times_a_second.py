"""The receive loop is polled."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        while not receive.done():
            await asyncio.wait([receive], timeout=0.2)
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
