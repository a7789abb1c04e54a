"""Tasks that wait, as those of a connection do."""

import asyncio
from collections.abc import Collection
from typing import Any

AnyTask = asyncio.Task[Any]


async def parked(gate: asyncio.Future[None] | None = None) -> None:
    """Wait for ``gate``, for ever without one."""
    await (gate or asyncio.get_running_loop().create_future())


async def cancel_all(tasks: Collection[AnyTask]) -> None:
    """Cancel ``tasks`` and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def left_over() -> int:
    """Count the tasks of the loop beside the current one."""
    return len(asyncio.all_tasks()) - 1
