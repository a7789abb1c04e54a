"""9,600 bytes of audio are lost when the transcripts loop raises an exception: the other loops were cancelled 0 s after the device had left"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=60, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
