"""4 tasks outlived their session: transcripts. The lifecycle ended by cancellation and left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        session.gauge.dec()
        await session.close()
        raise
    else:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
