"""cut off after 30 s: a time limit of the lifecycle runs while the device is connected (in my_lifecycle, line 9: async with asyncio.timeout(30):)"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    try:
        async with asyncio.timeout(30):
            await asyncio.gather(*session.start())
    finally:
        session.gauge.dec()
        await session.close()
