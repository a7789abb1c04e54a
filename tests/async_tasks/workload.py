"""Tasks as sessions have them."""

import asyncio
import contextlib
from typing import Any


def now() -> float:
    return asyncio.get_running_loop().time()


def named(coro: Any, name: str) -> asyncio.Task[Any]:
    return asyncio.create_task(coro, name=name)


async def forever() -> None:
    await asyncio.Event().wait()


async def fail(error: BaseException, *, after: float = 0.0) -> None:
    await asyncio.sleep(after)
    raise error


async def stubborn(seconds: float) -> None:
    """Live that long, whatever cancels it."""
    end = now() + seconds
    while now() < end:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(end - now())


async def flush_when_cancelled(seconds: float, flushed: list[str]) -> None:
    """Obey a cancellation, after a flush that takes that long."""
    try:
        await forever()
    finally:
        await asyncio.sleep(seconds)
        flushed.append("flushed")
