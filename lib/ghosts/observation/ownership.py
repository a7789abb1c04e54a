"""Which tasks belong to which session: told by the context that a task was created in.

A task copies the context of the code that creates it. So one context variable, set where a
session's handler begins, marks the handler, every task that it creates, their children, and what
`gather`, `as_completed` or a library creates on their behalf: whatever any of them is named.
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
    """Mark the running task, and all that is created in the block, as belonging to `owner`.

    Contexts outlive their tasks: a kept HTTP connection keeps the one it was opened in. So the
    owner must be a small record, and never the session itself, which would stay in memory.
    """
    token = _OWNER.set(owner)
    try:
        yield
    finally:
        _OWNER.reset(token)


def tasks_by_owner(
    loop: asyncio.AbstractEventLoop, kind: type[T]
) -> dict[T, list[asyncio.Task[Any]]]:
    """Return the tasks of a loop that have not ended, by their owner, of owners of one class.

    Tasks of one owner are in the order of their names. Nothing is changed by it.
    """
    by_owner: dict[T, list[asyncio.Task[Any]]] = {}
    for task in asyncio.all_tasks(loop):
        owner = owner_in(context_of(task))
        if isinstance(owner, kind):
            by_owner.setdefault(owner, []).append(task)
    for tasks in by_owner.values():
        tasks.sort(key=lambda task: task.get_name())
    return by_owner


def owner_in(context: contextvars.Context | None) -> Any:
    """Return to whom belongs what runs in a context; None where that is nobody."""
    return None if context is None else context.get(_OWNER)


def context_of(task: asyncio.Task[Any]) -> contextvars.Context | None:
    """Return the context that a task runs in; None for a foreign kind of task that has none."""
    own: contextvars.Context | None = getattr(task, "_context", None)
    if hasattr(task, "get_context"):  # from Python 3.12 on
        own = task.get_context()
    if own is not None:
        return own
    # A task in C on Python 3.11 does not tell, but the collector visits its context first of all
    # contexts; those of its callbacks come later (test_tasks_are_owned_whatever_waits_for_them).
    referents = gc.get_referents(task)
    return next((each for each in referents if type(each) is contextvars.Context), None)
