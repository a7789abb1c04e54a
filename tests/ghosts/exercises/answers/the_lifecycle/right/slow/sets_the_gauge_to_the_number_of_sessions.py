"""The gauge is set to the size of a set of sessions."""

import asyncio

running = set()


async def my_lifecycle(session):
    running.add(session.uid)
    session.gauge.set(len(running))
    tasks = session.start()
    try:
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await session.close()
        running.discard(session.uid)
        session.gauge.set(len(running))
