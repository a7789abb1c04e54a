"""The steps come from an async generator."""

import asyncio


async def steps(session, receive, loops):
    yield asyncio.wait([receive])
    session.signals.shutdown.set()
    yield asyncio.wait(loops, timeout=30)


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        async for step in steps(session, receive, loops):
            await step
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
