"""Cancel the tasks of the session in a finally"""

import asyncio
import contextlib


async def my_record(session):
    with session.gauge.track_inprogress():
        loops = asyncio.gather(session.upload(), session.notify())
        await session.receive()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loops, timeout=20)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
