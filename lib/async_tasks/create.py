"""Create a task that cannot get lost."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from async_tasks.crashes import crash_of, log_crash
from async_tasks.references import kept_by

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
    tasks = kept_by(task.get_loop()) if task_set is None else task_set
    tasks.add(task)
    task.add_done_callback(partial(_on_done, tasks))
    return task


def _on_done(tasks: set[asyncio.Task[T]], task: asyncio.Task[T]) -> None:
    tasks.discard(task)
    if crash_of(task) is not None:
        log_crash(task, "background")
