"""a task that my_record has created runs on"""

import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait_for(asyncio.shield(asyncio.gather(*loops)), 30)
    except TimeoutError:
        print("late")
    finally:
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
