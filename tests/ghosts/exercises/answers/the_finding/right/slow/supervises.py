import asyncio


async def my_record(session):
    session.gauge.inc()
    tasks = [asyncio.ensure_future(f()) for f in (session.receive, session.upload, session.notify)]
    try:
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if rest and not any(each.exception() for each in done):
            await asyncio.wait(rest, timeout=22)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                await task
            except BaseException as error:
                print(repr(error))
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
