"""The parts of tasks and futures that asyncio does not offer in public, read without effect.

The public `result()` and `exception()` would mark an exception as retrieved. C tasks, pure-Python
tasks and foreign ones built on either carry the same private names.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeGuard

AnyFuture: TypeAlias = asyncio.Future[Any]
AnyTask: TypeAlias = asyncio.Task[Any]


def is_task(item: object) -> TypeGuard[AnyTask]:
    """Tell whether an object is a task of any kind."""
    return asyncio.isfuture(item) and hasattr(type(item), "get_coro")


def task_name(task: AnyTask) -> str:
    """Return a task's name, or its type where it has none."""
    get_name = getattr(task, "get_name", None)
    return str(get_name()) if get_name else type(task).__name__


def waited_for(task: AnyTask) -> AnyFuture | None:
    """Return the future a task waits for, also when that is done and the task yet to resume."""
    return getattr(task, "_fut_waiter", None)


def gathered(future: AnyFuture | None) -> list[AnyFuture]:
    """Return the items that a future made by `asyncio.gather` waits for."""
    return getattr(future, "_children", [])


def callbacks_of(future: object) -> Iterable[tuple[Any, Any]]:
    """Return the (callback, context) pairs of a future."""
    return getattr(future, "_callbacks", None) or []
