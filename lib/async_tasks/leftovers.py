"""End the tasks that the main coroutine of a loop has left, within a bound."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from async_tasks.tasks import AnyTask

_CLOSE_ATTEMPTS: Final = 20
"""More than the number of awaits that a handler passes while it is closed."""


async def end_other_tasks(*, within: float) -> None:
    """Cancel every task of the loop except the current one, then end its async generators.

    Tasks that have not ended after ``within`` seconds of the loop's clock are abandoned: their
    coroutines are closed, and the loop, which is about to be closed, reports nothing more. The
    same applies to the async generators. ``asyncio.Runner`` would wait for them indefinitely.
    Cancelling the call raises at once and abandons nothing.
    """
    loop = asyncio.get_running_loop()
    for task in _other_tasks():
        task.cancel()
    await _abandon_after(within)
    loop.create_task(loop.shutdown_asyncgens())
    await _abandon_after(within)


async def _abandon_after(seconds: float) -> None:
    if not (others := _other_tasks()):
        return
    await asyncio.wait(others, timeout=seconds)
    if not (others := _other_tasks()):
        return
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    for task in others:
        asyncio.tasks._unregister_task(task)
        _close(task.get_coro())


def _other_tasks() -> set[AnyTask]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def _close(coroutine: Any) -> None:
    """Close a coroutine while its loop runs; the garbage collector might do it without one."""
    for _ in range(_CLOSE_ATTEMPTS):
        with suppress(RuntimeError):  # It awaited something while it was closed.
            coroutine.close()
            return
