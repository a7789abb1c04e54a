"""Start n named tasks and let them end."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from async_tasks import create_named_task
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload
from async_tasks_cost.parked import AnyTask, left_over

Create = Callable[[Coroutine[Any, Any, None]], AnyTask]


async def _run(create: Create, meter: Meter, n: int) -> int:
    with meter:
        for _ in range(n):
            create(asyncio.sleep(0))
        for _ in range(3):  # to its sleep, to its end, to the callbacks of that
            await asyncio.sleep(0)
    return left_over()


def _in_a_set(kept: set[AnyTask], coro: Coroutine[Any, Any, None]) -> AnyTask:
    task = asyncio.create_task(coro, name="bench")
    kept.add(task)
    task.add_done_callback(kept.discard)
    return task


CREATE = Workload(
    "create",
    "task",
    {
        OURS: partial(_run, partial(create_named_task, name="bench")),
        BASELINE: partial(_run, partial(asyncio.create_task, name="bench")),
        "create_task, kept in a set": partial(_run, partial(_in_a_set, set())),
    },
)
