"""The handler still awaits an answer of storage.internal without a bound"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    try:
        await asyncio.gather(session.receive(), session.upload(), session.notify())
    finally:
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
