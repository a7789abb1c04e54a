"""A decorator counts and closes."""

import asyncio
from functools import wraps


def counted(lifecycle):
    @wraps(lifecycle)
    async def wrapped(session):
        with session.gauge.track_inprogress():
            try:
                await lifecycle(session)
            finally:
                await session.close()

    return wrapped


@counted
async def my_lifecycle(session):
    tasks = session.start()
    try:
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=90)
    finally:
        while not all(task.done() for task in tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=3)
