"""3,200 bytes of audio are lost when the transcripts loop raises an exception: the other loops were cancelled 0 s after that"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
