"""tasks were cancelled that are none of the session's own"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    session.gauge.dec()
    await session.close()
