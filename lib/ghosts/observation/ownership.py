"""Which tasks belong to which session, by the context in which they were created.

A task copies the context of the code that creates it. So one context variable, set where a
session's handler starts, marks the handler, every task that it creates, their children, and those
that `gather`, `as_completed` or a library creates for them. Names of tasks do not matter.
"""

import asyncio
import contextvars
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

_OWNER: Final[contextvars.ContextVar[Any]] = contextvars.ContextVar("ghosts_session", default=None)

T = TypeVar("T")


@contextmanager
def owned_by(owner: object) -> Iterator[None]:
    """Mark the running task, and all tasks that are created in the block, as owned by ``owner``.

    Contexts outlive their tasks: a pooled HTTP connection keeps the context that it was opened in.
    So ``owner`` must be a small record and not the session, which would stay in memory.
    """
    token = _OWNER.set(owner)
    try:
        yield
    finally:
        _OWNER.reset(token)


def tasks_by_owner(
    loop: asyncio.AbstractEventLoop, kind: type[T]
) -> dict[T, list[asyncio.Task[Any]]]:
    """Return the pending tasks of a loop by owner, for owners that are instances of ``kind``.

    Tasks of one owner are in the order of their names.
    """
    by_owner: dict[T, list[asyncio.Task[Any]]] = {}
    for task in asyncio.all_tasks(loop):
        owner = owner_in(context_of(task))
        if isinstance(owner, kind):
            by_owner.setdefault(owner, []).append(task)
    for tasks in by_owner.values():
        tasks.sort(key=lambda task: task.get_name())
    return by_owner


def current_owner() -> Any:
    """Return the owner of the running code; None if it has none."""
    return _OWNER.get()


def owner_in(context: contextvars.Context | None) -> Any:
    """Return the owner of the tasks in a context; None if they have none."""
    return None if context is None else context.get(_OWNER)


def context_of(task: asyncio.Task[Any]) -> contextvars.Context | None:
    """Return the context that a task runs in; None for a task class without contexts."""
    own: contextvars.Context | None = getattr(task, "_context", None)
    if hasattr(task, "get_context"):  # from Python 3.12 on
        own = task.get_context()
    if own is not None:
        return own
    # On Python 3.11 a task written in C has no attribute for it. But its context is the first one
    # that the collector visits; those of its callbacks follow (with_callbacks_of_others in
    # test_a_task_that_is_left_behind_is_an_orphan_however_it_was_created).
    referents = gc.get_referents(task)
    return next((each for each in referents if type(each) is contextvars.Context), None)
