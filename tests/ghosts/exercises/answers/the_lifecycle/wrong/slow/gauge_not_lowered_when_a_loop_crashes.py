"""that ended by the exception of a loop: dec() has to run on every way out"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    try:
        await tasks[0]
        session.signals.shutdown.set()
        done, pending = await asyncio.wait(tasks, timeout=30)
    except asyncio.CancelledError:
        session.gauge.dec()
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
    session.gauge.dec()
    await session.close()
