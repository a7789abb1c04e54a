import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        for _ in range(100):
            if all(loop.done() for loop in loops):
                break
            await asyncio.sleep(0.25)
    finally:
        while not all(x.done() for x in loops):
            for loop in loops:
                loop.cancel()
            await asyncio.sleep(0.25)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
