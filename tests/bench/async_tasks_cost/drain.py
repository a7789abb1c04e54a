"""Cancel n parked tasks, which all obey, and wait for their end."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import aiotools
import straightforward

from async_tasks import drain_tasks
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload
from async_tasks_cost.parked import AnyTask, cancel_all, parked

Drain = Callable[[set[AnyTask]], Awaitable[object]]


async def _run(drain: Drain, meter: Meter, n: int) -> int:
    tasks = {asyncio.create_task(parked()) for _ in range(n)}
    await asyncio.sleep(0)
    with meter:
        await drain(tasks)
    return sum(task.cancelled() for task in tasks)


DRAIN = Workload(
    "drain",
    "task",
    {
        OURS: partial(_run, partial(drain_tasks, label="bench")),
        BASELINE: partial(_run, straightforward.drain),
        "asyncio.gather": partial(_run, cancel_all),
        "aiotools": partial(_run, aiotools.cancel_and_wait),
    },
)
