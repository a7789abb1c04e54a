"""The handler raises although no backend fails: every device is cut off, without any fault: TimeoutError"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    try:
        await asyncio.wait_for(
            asyncio.gather(session.receive(), session.upload(), session.notify()), 30
        )
    finally:
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
