"""Create a task that cannot get lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from async_tasks.crashes import log_crash
from async_tasks.references import keep_until_done

T = TypeVar("T")


def create_named_task(
    coro: Coroutine[Any, Any, T],
    *,
    name: str,
    task_set: set[asyncio.Task[T]] | None = None,
) -> asyncio.Task[T]:
    """Start ``coro`` as a task called ``name``; keep it referenced until it is done.

    ``task_set``, when given, is the live set of such tasks: the task is in it from now until it is
    done. A crash is logged once, with its traceback, and counts as retrieved; a cancellation is not
    logged. Cancelling the caller does not touch the task.
    """
    task = asyncio.create_task(coro, name=name)
    if task_set is None:
        keep_until_done(task)
    else:
        task_set.add(task)
        task.add_done_callback(task_set.discard)
    task.add_done_callback(_log_end)
    return task


def _log_end(task: asyncio.Task[Any]) -> None:
    log_crash(task, "background")
