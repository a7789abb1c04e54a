"""asyncio.wait_for, which cancels what it waited for."""

import asyncio
from contextlib import suppress


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = session.start()
    drained = asyncio.gather(*loops, return_exceptions=True)
    try:
        await asyncio.gather(receive, return_exceptions=True)
        session.signals.shutdown.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(drained, 30)
    finally:
        receive.cancel()
        drained.cancel()
        await asyncio.wait([receive, *loops])
        session.gauge.dec()
        await session.close()
