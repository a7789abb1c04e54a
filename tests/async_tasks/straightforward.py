"""Each utility in the form that one would write first. Every one has the bugs that tests show."""

import asyncio
import contextlib
from types import SimpleNamespace


async def supervise(*, receive_task, bg_tasks, finite_tasks=None):
    waiting = {receive_task, *bg_tasks}
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is receive_task:
                return SimpleNamespace(reason="disconnect", exception=None)
            if task.cancelled():
                continue
            if task.exception() is not None:
                return SimpleNamespace(reason="crash", exception=task.exception())
            if task not in (finite_tasks or ()):
                return SimpleNamespace(reason="lifetime_done", exception=None)
    return SimpleNamespace(reason="all_done", exception=None)


async def drain(tasks, *, timeout=30.0, cancel=True):
    waiting = {task for task in tasks if not task.done()}
    if not waiting:
        return 0
    if cancel:
        for task in waiting:
            task.cancel()
    _, late = await asyncio.wait(waiting, timeout=timeout)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=5.0)
    return len(late)


async def gather(*coros, max_concurrency=10, timeout=None):
    semaphore = asyncio.Semaphore(max_concurrency)

    async def one(coro):
        async with semaphore:
            return await asyncio.wait_for(coro, timeout)

    outcomes = await asyncio.gather(*map(one, coros), return_exceptions=True)
    return [
        SimpleNamespace(
            index=index,
            value=outcome,
            exception=outcome if isinstance(outcome, BaseException) else None,
        )
        for index, outcome in enumerate(outcomes)
    ]


async def chunked(coros, *, chunk_size=10):
    results = []
    for start in range(0, len(coros), chunk_size):
        results += await gather(*coros[start : start + chunk_size])
    return results


async def sleep(event, seconds):
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def stop(task):
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
