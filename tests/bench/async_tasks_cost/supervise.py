"""Supervise n tasks: half are finite and end one per turn of the loop, then the peer leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import straightforward

from async_tasks import supervise_tasks
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload
from async_tasks_cost.parked import AnyTask, cancel_all, parked

Supervise = Callable[[AnyTask, list[AnyTask], set[AnyTask]], Awaitable[str]]


async def _run(supervise: Supervise, meter: Meter, n: int) -> str:
    loop = asyncio.get_running_loop()
    gates = [loop.create_future() for _ in range(n // 2 + 1)]
    *finite, receive = [asyncio.create_task(parked(gate)) for gate in gates]
    lifetime = [asyncio.create_task(parked()) for _ in range(n - len(gates))]
    await asyncio.sleep(0)
    with meter:
        supervision = asyncio.create_task(_reason(supervise, receive, finite, lifetime))
        for gate in gates:
            await asyncio.sleep(0)
            gate.set_result(None)
        reason = await supervision
    await cancel_all(lifetime)
    return reason


async def _reason(
    supervise: Supervise, receive: AnyTask, finite: list[AnyTask], lifetime: list[AnyTask]
) -> str:
    return await supervise(receive, finite + lifetime, set(finite))


async def _ours(receive: AnyTask, background: list[AnyTask], finite: set[AnyTask]) -> str:
    end = await supervise_tasks(
        receive_task=receive, bg_tasks=background, finite_tasks=finite, label="bench"
    )
    return end.reason


async def _straightforward(
    receive: AnyTask, background: list[AnyTask], finite: set[AnyTask]
) -> str:
    end = await straightforward.supervise(
        receive_task=receive, bg_tasks=background, finite_tasks=finite
    )
    return str(end.reason)


SUPERVISE = Workload(
    "supervise",
    "task",
    {OURS: partial(_run, _ours), BASELINE: partial(_run, _straightforward)},
)
