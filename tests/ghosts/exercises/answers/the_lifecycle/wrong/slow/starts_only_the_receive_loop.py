"""audio is received, and none is uploaded"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    try:
        await session.receive()
    finally:
        session.gauge.dec()
        await session.close()
