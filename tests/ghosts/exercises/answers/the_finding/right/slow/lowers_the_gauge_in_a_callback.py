import asyncio


async def my_record(session):
    session.gauge.inc()
    asyncio.current_task().add_done_callback(lambda _: session.gauge.dec())
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
