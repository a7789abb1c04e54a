"""A partial, with the bound as an argument."""

import asyncio
from functools import partial


async def lifecycle(bound, session, *, poll=0.5):
    session.gauge.inc()
    tasks = session.start()
    try:
        while not session.signals.disconnected:
            await asyncio.wait(tasks[:1], timeout=poll)
        session.signals.shutdown.set()
        _, pending = await asyncio.wait(tasks, timeout=bound)
        for task in pending:
            task.cancel()
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()


my_lifecycle = partial(lifecycle, 60)
