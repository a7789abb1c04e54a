"""The connection is awaited instead of the receive loop."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    _, *loops = tasks = session.start()
    try:
        await session.connection.wait_closed()
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
