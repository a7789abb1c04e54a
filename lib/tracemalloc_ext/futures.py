"""Read the private parts of tasks and futures, without side effects.

The public `result()` and `exception()` mark an exception as retrieved. The private names are the
same in C tasks, pure-Python tasks and foreign ones built on either.
"""

import asyncio
import inspect
import types
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeGuard

from tracemalloc_ext.classes import defines

AnyFuture: TypeAlias = asyncio.Future[Any]
AnyTask: TypeAlias = asyncio.Task[Any]


def is_future_class(cls: type) -> bool:
    """Return whether a class is one of futures: C, pure Python or foreign."""
    return defines(cls, "_asyncio_future_blocking")  # the attribute that asyncio itself checks


def is_task_class(cls: type) -> bool:
    """Return whether a class is one of tasks: C, pure Python or foreign."""
    return is_future_class(cls) and defines(cls, "get_coro")


def is_future(item: object) -> TypeGuard[AnyFuture]:
    """Return whether an object is a future of any kind."""
    return is_future_class(type(item))


def is_task(item: object) -> TypeGuard[AnyTask]:
    """Return whether an object is a task of any kind."""
    return is_task_class(type(item))


def task_name(task: AnyTask) -> str:
    """Return the name of a task, or its type when it has no name."""
    get_name = getattr(task, "get_name", None)
    return str(get_name()) if get_name else type(task).__name__


def waited_for(task: AnyTask) -> AnyFuture | None:
    """Return the future a task awaits, also when it is done and the task has not resumed yet."""
    return getattr(task, "_fut_waiter", None)


def gathered(future: AnyFuture | None) -> list[AnyFuture]:
    """Return the items that a future made by `asyncio.gather` awaits."""
    return getattr(future, "_children", [])


def shielded(future: AnyFuture | None) -> AnyFuture | None:
    """Return what a future made by `asyncio.shield` awaits; None for any other future."""
    for callback, _context in callbacks_of(future):
        if type(callback) is not types.FunctionType:
            continue
        if callback.__code__.co_qualname == "shield.<locals>._outer_done_callback":
            inner: AnyFuture = inspect.getclosurevars(callback).nonlocals["inner"]
            return inner
    return None


def callbacks_of(future: object) -> Iterable[tuple[Any, Any]]:
    """Return the (callback, context) pairs of a future."""
    return getattr(future, "_callbacks", None) or []
