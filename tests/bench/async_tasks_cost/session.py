"""A session of five tasks, from their start until they are drained.

One receives; one is finite and ends at once; three are loops. When the peer leaves, the shutdown
event is set and the loops end by themselves. In ``SESSION`` the loops are pollers that sleep for a
minute by the means of each library; in ``SESSION_WITHOUT_SLEEP`` they only wait for the event, so
that what is left to compare is starting, supervising and draining.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import anyio
import straightforward
from prometheus_client import CollectorRegistry, Counter, Histogram

from async_tasks import create_named_task, drain_tasks, supervise_tasks
from async_tasks_cost.measure import BASELINE, OURS, Meter, Run, Workload
from async_tasks_cost.parked import AnyTask, left_over, parked
from async_tasks_cost.sleep import SLEEPS, Sleep

Loop = Callable[[Sleep, asyncio.Event], Coroutine[Any, Any, None]]
Receive = Coroutine[Any, Any, None]
Session = Callable[[Sleep, Receive], Coroutine[Any, Any, None]]
_LOOPS: Final = ("push", "heartbeat", "flush")
_log = logging.getLogger(__name__)
_EXITS: Final = Counter("exits", "-", ["label", "reason"], registry=CollectorRegistry())
_DRAINS: Final = Histogram("drains", "-", ["label"], registry=CollectorRegistry())


async def _poll(sleep: Sleep, shutdown: asyncio.Event) -> None:
    while not await sleep(shutdown, 60.0):
        pass


async def _wait(_: Sleep, shutdown: asyncio.Event) -> None:
    await shutdown.wait()


async def _backfill() -> None:
    await asyncio.sleep(0)


async def _ours(loop: Loop, sleep: Sleep, receiving: Receive) -> None:
    shutdown = asyncio.Event()
    tasks: set[AnyTask] = set()
    receive = create_named_task(receiving, name="receive", task_set=tasks)
    finite = create_named_task(_backfill(), name="backfill", task_set=tasks)
    background = [
        create_named_task(loop(sleep, shutdown), name=name, task_set=tasks) for name in _LOOPS
    ]
    await supervise_tasks(
        receive_task=receive, bg_tasks=[finite, *background], finite_tasks={finite}, label="bench"
    )
    shutdown.set()
    await drain_tasks(tasks, cancel=False, label="bench")


async def _straightforward(loop: Loop, sleep: Sleep, receiving: Receive) -> None:
    shutdown = asyncio.Event()
    tasks: set[AnyTask] = set()
    receive = _create(receiving, "receive", tasks)
    finite = _create(_backfill(), "backfill", tasks)
    background = [_create(loop(sleep, shutdown), name, tasks) for name in _LOOPS]
    exit_ = await straightforward.supervise(
        receive_task=receive, bg_tasks=[finite, *background], finite_tasks={finite}
    )
    _EXITS.labels("bench", exit_.reason).inc()
    shutdown.set()
    began = time.monotonic()
    await straightforward.drain(tasks, cancel=False)
    _DRAINS.labels("bench").observe(time.monotonic() - began)


def _create(coro: Coroutine[Any, Any, None], name: str, tasks: set[AnyTask]) -> AnyTask:
    """Do what `create_named_task` promises, as one would write it: in a set, with a log line."""
    task = asyncio.create_task(coro, name=name)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    task.add_done_callback(_log_crash)
    return task


def _log_crash(task: AnyTask) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("task %s crashed", task.get_name(), exc_info=task.exception())


async def _task_group(loop: Loop, sleep: Sleep, receiving: Receive) -> None:
    shutdown = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        receive = group.create_task(receiving, name="receive")
        group.create_task(_backfill(), name="backfill")
        for name in _LOOPS:
            group.create_task(loop(sleep, shutdown), name=name)
        await receive
        shutdown.set()


async def _anyio(loop: Loop, sleep: Sleep, receiving: Receive) -> None:
    shutdown = asyncio.Event()

    async def receive() -> None:
        await receiving
        shutdown.set()

    async with anyio.create_task_group() as group:
        group.start_soon(receive, name="receive")
        group.start_soon(_backfill, name="backfill")
        for name in _LOOPS:
            group.start_soon(loop, sleep, shutdown, name=name)


async def _one_after_another(session: Session, sleep: Sleep, meter: Meter, n: int) -> int:
    with meter:
        for _ in range(n):
            await session(sleep, _receive())
    return left_over()


async def _receive() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


_TURNS: Final = 6
"""Turns of the loop in which every implementation sees the finite task end, and waits again."""


async def _at_once(session: Session, sleep: Sleep, meter: Meter, n: int) -> int:
    loop = asyncio.get_running_loop()
    with meter:
        peers = [loop.create_future() for _ in range(n)]
        sessions = [asyncio.create_task(session(sleep, parked(peer))) for peer in peers]
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for peer in peers:
            peer.set_result(None)
        for one in sessions:
            await one
    return left_over()


def _runs(
    how: Callable[[Session, Sleep, Meter, int], Coroutine[Any, Any, int]], loop: Loop
) -> dict[str, Run]:
    return {
        OURS: partial(how, partial(_ours, loop), SLEEPS[OURS]),
        BASELINE: partial(how, partial(_straightforward, loop), SLEEPS[BASELINE]),
        "TaskGroup": partial(how, partial(_task_group, loop), SLEEPS["asyncio.timeout"]),
        "anyio task group": partial(how, partial(_anyio, loop), SLEEPS["anyio"]),
    }


SESSION = Workload("session", "session", _runs(_one_after_another, _poll))
SESSION_WITHOUT_SLEEP = Workload(
    "session without sleep", "session", _runs(_one_after_another, _wait)
)
SESSIONS_AT_ONCE = Workload("sessions at once", "session", _runs(_at_once, _poll))
