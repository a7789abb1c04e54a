"""had stayed for 19 s, and audio was not uploaded yet at the disconnect"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    upload, notify = asyncio.create_task(session.upload()), asyncio.create_task(session.notify())
    try:
        await session.receive()
        await asyncio.wait([upload, notify], timeout=30, return_when=asyncio.FIRST_COMPLETED)
    finally:
        upload.cancel()
        notify.cancel()
        await asyncio.gather(upload, notify, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
