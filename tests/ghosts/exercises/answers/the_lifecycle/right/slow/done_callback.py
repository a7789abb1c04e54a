"""A callback of the receive loop sets the shutdown event."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    receive.add_done_callback(lambda _: session.signals.shutdown.set())
    try:
        await session.signals.shutdown.wait()
        await asyncio.wait(loops, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)
        session.gauge.dec()
        await session.close()
