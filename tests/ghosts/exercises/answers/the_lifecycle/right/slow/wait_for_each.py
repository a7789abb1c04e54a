"""Each loop has a bound of its own, and all run at the same time."""

import asyncio
from contextlib import suppress


async def bounded(task):
    with suppress(TimeoutError, RuntimeError):
        await asyncio.wait_for(task, 60)


async def my_lifecycle(session):
    session.gauge.inc()
    try:
        receive, *loops = session.start()
        try:
            await receive
            session.signals.shutdown.set()
            await asyncio.gather(*map(bounded, loops))
        finally:
            for task in (receive, *loops):
                task.cancel()
            await asyncio.wait([receive, *loops])
    finally:
        session.gauge.dec()
        await session.close()
