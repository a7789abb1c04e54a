"""The lifecycle still waited in my_lifecycle, line 9: await asyncio.gather(*session.start()), and private_cloud has not returned"""

import asyncio


async def my_lifecycle(session):
    try:
        session.gauge.inc()
        await asyncio.gather(*session.start())
    finally:
        session.gauge.dec()
        await session.close()
