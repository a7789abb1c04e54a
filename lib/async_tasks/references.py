"""Strong references: the event loop itself keeps only weak ones to its tasks."""

import asyncio
from typing import Any

_kept: dict[asyncio.AbstractEventLoop, set[asyncio.Task[Any]]] = {}


def keep_until_done(task: asyncio.Task[Any]) -> None:
    """Hold ``task`` until it is done, or until its loop is closed and another loop needs the same.

    A pending task of a closed loop will never be done and must not stay for ever.
    """
    tasks = kept_by(task.get_loop())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def kept_by(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """Return the set that holds this loop's tasks; whoever adds one discards it when it is done."""
    tasks = _kept.get(loop)
    if tasks is None:
        for other in list(_kept):
            if other.is_closed():
                _kept.pop(other, None)
        tasks = _kept.setdefault(loop, set())
    return tasks
