"""Receive n frames, with a limit of five minutes on the wait for each.

``PLAIN`` has no limit: what an implementation takes beyond it is the price of its limit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

from async_tasks import IdleLimit
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload

Receive = Callable[[], Coroutine[Any, Any, None]]
Loop = Callable[[Receive, int], Awaitable[int]]
PLAIN: Final = "no limit"
_SECONDS: Final = 300.0


async def _run(loop: Loop, meter: Meter, n: int) -> int:
    with meter:
        return await loop(_frame, n)


async def _frame() -> None:
    await asyncio.sleep(0)


async def _plain(receive: Receive, n: int) -> int:
    frames = 0
    for _ in range(n):
        await receive()
        frames += 1
    return frames


async def _wait_for(receive: Receive, n: int) -> int:
    frames = 0
    for _ in range(n):
        await asyncio.wait_for(receive(), _SECONDS)
        frames += 1
    return frames


async def _timeout(receive: Receive, n: int) -> int:
    frames = 0
    for _ in range(n):
        async with asyncio.timeout(_SECONDS):
            await receive()
        frames += 1
    return frames


async def _rescheduled(receive: Receive, n: int) -> int:
    now = asyncio.get_running_loop().time
    frames = 0
    async with asyncio.timeout(_SECONDS) as limit:
        for _ in range(n):
            await receive()
            limit.reschedule(now() + _SECONDS)
            frames += 1
    return frames


async def _idle_limit(receive: Receive, n: int) -> int:
    frames = 0
    async with IdleLimit(_SECONDS) as limit:
        for _ in range(n):
            await receive()
            limit.touch()
            frames += 1
    return frames


IDLE = Workload(
    "idle",
    "frame",
    {
        OURS: partial(_run, _idle_limit),
        BASELINE: partial(_run, _wait_for),
        "asyncio.timeout per frame": partial(_run, _timeout),
        "asyncio.timeout, rescheduled": partial(_run, _rescheduled),
        PLAIN: partial(_run, _plain),
    },
)
