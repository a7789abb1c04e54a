"""96,000 bytes of audio are lost: the loops were cancelled 0 s"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    began = asyncio.get_running_loop().time()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        if asyncio.get_running_loop().time() - began > 100:
            await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
