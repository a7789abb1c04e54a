"""when the transcripts loop raises an exception: the other loops were cancelled 20 s after that"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        limit = 30 if receive.done() else 20
        receive.cancel()
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=limit)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
