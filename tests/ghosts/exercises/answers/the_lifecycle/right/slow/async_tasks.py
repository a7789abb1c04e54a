"""The utilities of this project."""

from async_tasks import drain_tasks, supervise_tasks


async def my_lifecycle(session):
    tasks = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=300)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="mine")
        receive.cancel()
        session.signals.shutdown.set()
        await drain_tasks(loops, timeout=30, cancel=False, label="mine_bg")
    finally:
        try:
            await drain_tasks([*tasks, *session.requests], timeout=5, label="mine_cleanup")
        finally:
            session.gauge.dec()
            await session.close()
