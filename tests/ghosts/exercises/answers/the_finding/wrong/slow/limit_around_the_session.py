"""Every device is cut off although it stays: the handler returns"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    try:
        async with asyncio.timeout(30):
            await asyncio.gather(session.receive(), session.upload(), session.notify())
    except TimeoutError:
        pass
    finally:
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
