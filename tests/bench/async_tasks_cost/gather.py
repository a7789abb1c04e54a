"""Run n coroutines that each yield once, ten at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

import aiometer
import anyio
import straightforward
from aiotools.utils import gather_safe

from async_tasks import GatherResult, gather_with_logging
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload

Coro = Coroutine[Any, Any, int]
Gather = Callable[[list[Coro]], Awaitable[list[Any]]]
_LIMIT: Final = 10
_SECONDS: Final = 60.0


async def run(gather: Gather, meter: Meter, n: int) -> list[int]:
    """Return the values; what the coroutines themselves take is not measured."""
    coros: list[Coro] = [asyncio.sleep(0, index) for index in range(n)]
    with meter:
        outcomes = await gather(coros)
    return [outcome if isinstance(outcome, int) else outcome.value for outcome in outcomes]


async def _ours(coros: list[Coro], timeout: float | None = None) -> list[GatherResult[int]]:
    return await gather_with_logging(*coros, label="bench", max_concurrency=_LIMIT, timeout=timeout)


async def _straightforward(coros: list[Coro], timeout: float | None = None) -> list[Any]:
    return await straightforward.gather(*coros, max_concurrency=_LIMIT, timeout=timeout)


async def _asyncio_gather(coros: list[Coro]) -> list[int]:
    return await asyncio.gather(*coros)


async def _gather_semaphore(coros: list[Coro]) -> list[int]:
    semaphore = asyncio.Semaphore(_LIMIT)
    return await asyncio.gather(*(_guarded(semaphore, coro) for coro in coros))


async def _task_group(coros: list[Coro], timeout: float | None = None) -> list[int]:
    semaphore = asyncio.Semaphore(_LIMIT)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_guarded(semaphore, coro, timeout)) for coro in coros]
    return [task.result() for task in tasks]


async def _anyio(coros: list[Coro], timeout: float | None = None) -> list[int]:
    limiter = anyio.CapacityLimiter(_LIMIT)
    values: dict[int, int] = {}

    async def one(index: int, coro: Coro) -> None:
        async with limiter:
            with anyio.fail_after(timeout):
                values[index] = await coro

    async with anyio.create_task_group() as group:
        for index, coro in enumerate(coros):
            group.start_soon(one, index, coro)
    return [values[index] for index in range(len(coros))]


async def _aiotools(coros: list[Coro], timeout: float | None = None) -> list[int]:
    semaphore = asyncio.Semaphore(_LIMIT)
    values = await gather_safe(_guarded(semaphore, coro, timeout) for coro in coros)
    return [value for value in values if isinstance(value, int)]


async def _aiometer(coros: list[Coro], timeout: float | None = None) -> list[int]:
    jobs = [partial(_limited, coro, timeout) for coro in coros]
    return await aiometer.run_all(jobs, max_at_once=_LIMIT)


async def _guarded(semaphore: asyncio.Semaphore, coro: Coro, timeout: float | None = None) -> int:
    async with semaphore:
        return await _limited(coro, timeout)


async def _limited(coro: Coro, timeout: float | None) -> int:
    if timeout is None:
        return await coro
    async with asyncio.timeout(timeout):
        return await coro


_WITH_LIMIT: Final[dict[str, Callable[..., Awaitable[list[Any]]]]] = {
    OURS: _ours,
    BASELINE: _straightforward,
    "TaskGroup, semaphore": _task_group,
    "anyio": _anyio,
    "aiotools": _aiotools,
    "aiometer": _aiometer,
}
GATHER = Workload(
    "gather",
    "item",
    {
        name: partial(run, gather)
        for name, gather in {
            **_WITH_LIMIT,
            "asyncio.gather, unbounded": _asyncio_gather,
            "asyncio.gather, semaphore": _gather_semaphore,
        }.items()
    },
)
GATHER_TIMEOUT = Workload(
    "gather, timeout",
    "item",
    {name: partial(run, partial(gather, timeout=_SECONDS)) for name, gather in _WITH_LIMIT.items()},
)
