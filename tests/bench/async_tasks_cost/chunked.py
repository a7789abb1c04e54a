"""Run n coroutines that each yield once, in chunks of ten."""

import asyncio
from functools import partial
from typing import Any, Final

import straightforward

from async_tasks import GatherResult, gather_chunked
from async_tasks_cost.gather import Coro, run
from async_tasks_cost.measure import BASELINE, OURS, Workload

_CHUNK: Final = 10


async def _ours(coros: list[Coro]) -> list[GatherResult[int]]:
    return await gather_chunked(coros, chunk_size=_CHUNK, label="bench")


async def _straightforward(coros: list[Coro]) -> list[Any]:
    return await straightforward.chunked(coros, chunk_size=_CHUNK)


async def _asyncio_gather(coros: list[Coro]) -> list[int]:
    values: list[int] = []
    for start in range(0, len(coros), _CHUNK):
        values += await asyncio.gather(*coros[start : start + _CHUNK])
    return values


CHUNKED = Workload(
    "gather_chunked",
    "item",
    {
        OURS: partial(run, _ours),
        BASELINE: partial(run, _straightforward),
        "asyncio.gather, in chunks": partial(run, _asyncio_gather),
    },
)
