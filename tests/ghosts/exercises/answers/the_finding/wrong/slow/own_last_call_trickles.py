"""a device closes its connection, the session has not ended 130 s later"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    upload, notify = asyncio.create_task(session.upload()), asyncio.create_task(session.notify())
    try:
        await session.receive()
        await asyncio.wait([upload], timeout=15)
        notify.cancel()
        if session.uploaded:
            news = {"bytes": session.uploaded}
            await session.post("http://hooks.internal/recorded", json=news, timeout=5)
    finally:
        upload.cancel()
        notify.cancel()
        await asyncio.gather(upload, notify, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
