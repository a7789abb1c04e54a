"""57,600 bytes of audio are lost: the loops were cancelled 0 s"""

import asyncio

draining = 0


async def my_lifecycle(session):
    global draining
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        draining += 1
        try:
            if draining < 20:
                await asyncio.wait(loops, timeout=60)
        finally:
            draining -= 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
