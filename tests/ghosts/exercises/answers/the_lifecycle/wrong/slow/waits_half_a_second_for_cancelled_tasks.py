"""12 tasks outlived their session: transcripts. The lifecycle ended after the device had left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=0.5)
        session.gauge.dec()
        await session.close()
