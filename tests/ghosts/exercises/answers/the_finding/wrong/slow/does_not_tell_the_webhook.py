"""The webhook is not told of anything any more"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    upload = asyncio.create_task(session.upload())
    try:
        await session.receive()
        await asyncio.wait([upload], timeout=30)
    finally:
        upload.cancel()
        await asyncio.gather(upload, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
