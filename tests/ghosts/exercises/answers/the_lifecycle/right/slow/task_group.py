"""A task group owns the loops."""

import asyncio
import logging


class OverError(Exception):
    pass


async def survived(loop):
    try:
        await loop
    except RuntimeError as crash:
        logging.getLogger("pusher").error("a loop has ended: %r", crash)


async def watch(receive, loops, session):
    await asyncio.wait([receive])
    session.signals.shutdown.set()
    await asyncio.wait(loops, timeout=30)
    raise OverError


async def my_lifecycle(session):
    session.gauge.inc()
    try:
        async with asyncio.TaskGroup() as group:
            receive = group.create_task(session.receive())
            loops = [group.create_task(survived(loop)) for loop in session.loops().values()]
            group.create_task(watch(receive, loops, session))
    except* OverError:
        pass
    finally:
        session.gauge.dec()
        await session.close()
