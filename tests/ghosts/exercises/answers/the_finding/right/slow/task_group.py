import asyncio


async def my_record(session):
    loop = asyncio.get_running_loop()
    with session.gauge.track_inprogress():
        try:
            async with asyncio.timeout(None) as drain, asyncio.TaskGroup() as group:
                group.create_task(session.upload())
                group.create_task(session.notify())
                await session.receive()
                drain.reschedule(loop.time() + 30)
        except TimeoutError:
            print("cancelled")


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
