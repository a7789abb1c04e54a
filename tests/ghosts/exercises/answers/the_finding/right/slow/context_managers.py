import asyncio
import contextlib


@contextlib.asynccontextmanager
async def counted(session):
    with session.gauge.track_inprogress():
        yield


@contextlib.asynccontextmanager
async def running(*calls):
    tasks = [asyncio.create_task(c()) for c in calls]
    try:
        yield tasks
        await asyncio.wait(tasks, timeout=40)
    finally:
        [t.cancel() for t in tasks]
        await asyncio.wait(tasks)


async def my_record(session):
    async with counted(session), running(session.upload, session.notify):
        await session.receive()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
