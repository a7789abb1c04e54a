import asyncio

SESSIONS = set()


async def my_record(session):
    SESSIONS.add(session)
    session.gauge.set(len(SESSIONS))
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        SESSIONS.discard(session)
        session.gauge.set(len(SESSIONS))


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
