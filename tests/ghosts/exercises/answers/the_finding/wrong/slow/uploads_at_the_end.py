"""what a device sends is not uploaded while it stays"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    notify = asyncio.create_task(session.notify())
    try:
        await session.receive()
        upload = asyncio.create_task(session.upload())
        await asyncio.wait([upload, notify], timeout=30)
        upload.cancel()
    finally:
        notify.cancel()
        await asyncio.gather(notify, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
