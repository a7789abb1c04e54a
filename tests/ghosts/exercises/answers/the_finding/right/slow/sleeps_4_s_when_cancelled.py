import asyncio


async def my_record(session):
    session.gauge.inc()
    starts = session.receive, session.upload, session.notify
    tasks = [asyncio.create_task(each()) for each in starts]
    try:
        await asyncio.wait(tasks[:1])
        session.gone = True
        await asyncio.wait(tasks[1:], timeout=60)
    except asyncio.CancelledError:
        await asyncio.wait(tasks[1:], timeout=4)
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
