"""It keeps each session for good, which is not a matter of its lifecycle."""

import asyncio

from ghosts.pusher import PusherSession

KEPT = []


async def my_lifecycle(session: PusherSession) -> None:
    """Wait for the first loop that ends, then for all, with a bound."""
    KEPT.append(session)
    session.gauge.inc()
    tasks = session.start()
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
