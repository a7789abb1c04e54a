"""Let n pollers go to sleep for a minute and wake them all by one event."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import aiotools
import anyio
import straightforward

from async_tasks import sleep_until_shutdown
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload

Sleep = Callable[[asyncio.Event, float], Awaitable[bool]]
_SECONDS: Final = 60.0


async def _run(sleep: Sleep, meter: Meter, n: int) -> int:
    event = asyncio.Event()
    with meter:
        sleepers = [asyncio.create_task(_asleep(sleep, event)) for _ in range(n)]
        for _ in range(2):  # the first form needs the second turn: it waits in a task of its own
            await asyncio.sleep(0)
        event.set()
        for sleeper in sleepers:
            await sleeper
    return sum(sleeper.result() for sleeper in sleepers)


async def lost_cancellations(sleep: Sleep, n: int = 2_500) -> int:
    """Count the sleepers that live on although cancelled in the turns in which the event fires."""
    lost = 0
    for turns in range(4):
        event = asyncio.Event()
        sleepers = [asyncio.create_task(_asleep(sleep, event)) for _ in range(n)]
        for _ in range(2):
            await asyncio.sleep(0)
        event.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = [sleeper for sleeper in sleepers if sleeper.cancel()]
        await asyncio.wait(sleepers)
        lost += sum(not sleeper.cancelled() for sleeper in cancelled)
    return lost


async def _asleep(sleep: Sleep, event: asyncio.Event) -> bool:
    return await sleep(event, _SECONDS)


async def _straightforward(event: asyncio.Event, seconds: float) -> bool:
    return await straightforward.sleep(event, seconds)


async def _asyncio_timeout(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _anyio(event: asyncio.Event, seconds: float) -> bool:
    with anyio.move_on_after(seconds):
        return await event.wait()
    return False


async def _aiotools(event: asyncio.Event, seconds: float) -> bool:
    async with aiotools.move_on_after(seconds):
        return await event.wait()
    return False


SLEEPS: Final[dict[str, Sleep]] = {
    OURS: sleep_until_shutdown,
    BASELINE: _straightforward,
    "asyncio.timeout": _asyncio_timeout,
    "anyio": _anyio,
    "aiotools": _aiotools,
}
SLEEP = Workload("sleep", "sleeper", {name: partial(_run, sleep) for name, sleep in SLEEPS.items()})
