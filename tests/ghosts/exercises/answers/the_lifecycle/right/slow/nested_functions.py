"""A context manager of its own, and nested functions."""

import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def counted(session):
    session.gauge.inc()
    try:
        yield
    finally:
        session.gauge.dec()
        await session.close()


async def my_lifecycle(session):
    async def end(task):
        task.cancel()
        try:
            await task
        except (asyncio.CancelledError, Exception):
            if asyncio.current_task().cancelling():
                raise

    async with counted(session):
        tasks = session.start()
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(end(tasks[0]), return_exceptions=True)
            session.signals.shutdown.set()
            await asyncio.wait(tasks, timeout=30)
        finally:
            await asyncio.gather(*map(end, tasks), return_exceptions=True)
