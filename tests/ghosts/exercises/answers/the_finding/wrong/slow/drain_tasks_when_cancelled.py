"""connected, the session ends 30.0 s later: 5 s are allowed"""

from async_tasks import create_named_task, drain_tasks

DRAIN_SECONDS = 30.0


async def my_record(session):
    tasks = set()
    session.gauge.inc()
    try:
        for loop in (session.upload, session.notify):
            create_named_task(loop(), name=loop.__name__, task_set=tasks)
        await session.receive()
    finally:
        await drain_tasks(tasks, timeout=DRAIN_SECONDS, cancel=False, cancel_timeout=5)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
