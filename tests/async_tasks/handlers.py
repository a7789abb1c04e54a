"""Handlers of a session that has a ``gauge``, a ``shutdown`` event, and tasks to ``start()``."""

from typing import Any

from async_tasks import drain_tasks, supervise_tasks


async def safe_handler(session: Any) -> None:
    tasks = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start()
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        session.shutdown.set()
        await drain_tasks(loops, timeout=30, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(tasks, timeout=5, label="pusher_cleanup")
        finally:
            session.gauge.dec()


async def handler_that_hides_its_ghosts(session: Any) -> None:
    tasks = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start()
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
    finally:
        session.gauge.dec()
        await drain_tasks(tasks, timeout=5, label="pusher_cleanup")
