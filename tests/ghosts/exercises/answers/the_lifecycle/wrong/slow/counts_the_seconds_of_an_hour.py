"""1 healthy device was cut off after 3600 s: a time limit of the lifecycle runs"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        for _ in range(3600):
            if receive.done():
                break
            await asyncio.sleep(1)
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
