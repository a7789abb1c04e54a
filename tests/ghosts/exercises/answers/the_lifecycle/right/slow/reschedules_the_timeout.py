"""A timeout without a limit, which is given one at the departure."""

import asyncio


async def my_lifecycle(session):
    loop = asyncio.get_running_loop()
    session.gauge.inc()
    tasks = session.start(receive_timeout=300)
    try:
        async with asyncio.timeout(None) as limit:
            await asyncio.wait(tasks[:1])
            limit.reschedule(loop.time() + 60)
            session.signals.shutdown.set()
            await asyncio.wait(tasks)
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
