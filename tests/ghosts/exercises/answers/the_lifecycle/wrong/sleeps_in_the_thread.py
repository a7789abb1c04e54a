"""the event loop is blocked in my_lifecycle, line 10: time.sleep(30)"""

import time


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    time.sleep(30)
    for task in tasks:
        task.cancel()
    session.gauge.dec()
    await session.close()
