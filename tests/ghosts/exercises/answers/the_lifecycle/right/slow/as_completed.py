"""The loops are awaited as they complete."""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = session.start()
    try:
        await asyncio.gather(receive, return_exceptions=True)
        session.signals.shutdown.set()
        try:
            for each in asyncio.as_completed(loops, timeout=30):
                try:
                    await each
                except RuntimeError:
                    continue
        except TimeoutError:
            pass
    finally:
        for task in (receive, *loops):
            task.cancel()
        await asyncio.gather(receive, *loops, return_exceptions=True)
        session.gauge.dec()
        await session.close()
