"""Run a coroutine inside another task, in a context of its own."""

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


@types.coroutine
def in_own_context(coro: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await ``coro`` without a task of its own; its context variables stay its own.

    A cancellation of the awaiting task is raised inside ``coro``, as with a plain ``await``.
    """
    run = copy_context().run
    try:
        pending = run(coro.send, None)
        while True:
            try:
                yield pending
            except GeneratorExit:
                run(coro.close)
                raise
            except BaseException as error:
                pending = run(coro.throw, error)
            else:
                pending = run(coro.send, None)
    except StopIteration as end:
        value: T = end.value
        return value


def as_coroutine(item: Awaitable[T]) -> Coroutine[Any, Any, T]:
    """Return ``item`` if it is a coroutine, else one that awaits it."""
    return item if asyncio.iscoroutine(item) else _await(item)


async def _await(item: Awaitable[T]) -> T:
    return await item


def discard(item: Awaitable[Any]) -> None:
    """Give up an item that was never started: close a coroutine, cancel a future."""
    if asyncio.iscoroutine(item):
        item.close()
    elif isinstance(item, asyncio.Future):
        item.cancel()
