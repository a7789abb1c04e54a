"""An exit stack undoes each step."""

import asyncio
from contextlib import AsyncExitStack


async def cancelled(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def my_lifecycle(session):
    async with AsyncExitStack() as stack:
        session.gauge.inc()
        stack.callback(session.gauge.dec)
        stack.push_async_callback(session.close)
        tasks = session.start()
        stack.push_async_callback(cancelled, tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=30)
