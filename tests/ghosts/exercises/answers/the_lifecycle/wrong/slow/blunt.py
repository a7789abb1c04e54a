"""121,600 bytes of audio are lost: the loops were cancelled 0 s"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = session.start()
    try:
        await receive
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()
        await session.close()
