"""A device that stays is cut off, 7 minutes after it has connected"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    try:
        async with asyncio.timeout(420):
            await asyncio.gather(session.receive(), session.upload(), session.notify())
    finally:
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
