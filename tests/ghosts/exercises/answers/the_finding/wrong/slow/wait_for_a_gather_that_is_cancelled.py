"""has created goes on for 0.5 s"""

import asyncio


async def my_record(session):
    with session.gauge.track_inprogress():
        loops = asyncio.gather(session.upload(), session.notify())
        try:
            await session.receive()
            await asyncio.wait_for(loops, timeout=30)
        except TimeoutError:
            print("late")
        finally:
            loops.cancel()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
