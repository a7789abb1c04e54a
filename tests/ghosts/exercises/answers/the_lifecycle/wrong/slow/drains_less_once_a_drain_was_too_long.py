"""the loops were cancelled 5 s after the device had left. Storage needed 28 s for an upload that was under way, and what the device sent last was queued behind it: 26 s in all. The bound of the drain is too short"""

import asyncio

hung = False


async def my_lifecycle(session):
    global hung
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        _, pending = await asyncio.wait(loops, timeout=5 if hung else 60)
        hung = hung or bool(pending)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
