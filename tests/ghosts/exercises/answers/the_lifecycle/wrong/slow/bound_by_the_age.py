"""the loops were cancelled 6 s after the device had left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    began = asyncio.get_running_loop().time()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=min(60, (asyncio.get_running_loop().time() - began) / 10))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
