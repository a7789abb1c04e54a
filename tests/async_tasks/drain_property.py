"""What a drain of random tasks promises."""

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import straightforward
from hypothesis import strategies as st
from random_tasks import (
    CANCELLATIONS,
    MOMENTS,
    SECONDS,
    End,
    Moment,
    Operation,
    TaskPlan,
    WhenCancelled,
    World,
    families,
    operate,
    run,
    wait,
)

from async_tasks import DrainReport
from async_tasks.drain import StuckTask

Drain = Callable[..., Awaitable[DrainReport]]


@dataclass(frozen=True, slots=True)
class DrainPlan:
    """The drain starts at ``starts``, its tasks at 0 s; ``cancelled`` counts from ``starts``."""

    tasks: tuple[TaskPlan, ...]
    starts: Moment
    timeout: float
    cancel: bool
    cancel_timeout: float | None
    cancelled: tuple[Moment, ...]
    forgets_the_done: bool
    holds_its_caller: bool


DRAIN_PLANS = st.builds(
    DrainPlan,
    tasks=st.lists(families(), max_size=4).map(tuple),
    starts=MOMENTS,
    timeout=SECONDS,
    cancel=st.booleans(),
    cancel_timeout=st.none() | SECONDS,
    cancelled=CANCELLATIONS,
    forgets_the_done=st.booleans(),
    holds_its_caller=st.booleans(),
)


@dataclass(slots=True)
class Drained:
    """What was seen of a drain: how all were ``on_return``, the pending that were ``collected``.

    ``entered`` and ``left`` are who was in the live collection on entry and on return.
    """

    world: World
    operation: Operation
    report: DrainReport | None
    entered: set[str]
    left: set[str]
    on_return: dict[str, End]
    collected: set[str]

    @property
    def known(self) -> set[str]:
        return self.entered | self.left


async def play_drain(plan: DrainPlan, drain: Drain) -> Drained:
    world = World(forgets_the_done=plan.forgets_the_done)
    seen = Drained(world, None, None, set(), set(), {}, set())

    async def call() -> None:
        if plan.holds_its_caller:
            world.live.add(asyncio.current_task())
        seen.entered = world.names()
        try:
            seen.report = await drain(
                world.live,
                timeout=plan.timeout,
                cancel=plan.cancel,
                cancel_timeout=plan.cancel_timeout,
            )
        finally:
            seen.left = world.names()
            seen.on_return = world.states()
            world.close()

    for number, task in enumerate(plan.tasks):
        world.start(task, str(number))
    await wait(plan.starts)
    seen.operation = await operate(call, plan.cancelled)
    gc.collect()
    seen.collected = {name for name in seen.known if world.records[name].is_collected}
    await asyncio.sleep(20)
    return seen


def promises_broken_by_drain(simulation: Any, plan: DrainPlan, drain: Drain) -> set[str]:
    ran = run(simulation, play_drain(plan, drain))
    return {*_broken(plan, ran.seen, ran.crashes), *ran.complaints}


def _broken(plan: DrainPlan, seen: Drained, logged: Counter[str]) -> Iterator[str]:
    records = seen.world.records
    if seen.operation.ended > _bound(plan, seen.operation) + 1e-3:
        yield "ends within its bound"
    if seen.operation.lost_a_cancellation:
        yield "loses no cancellation"
    if any(record.requests > 1 for record in records.values()):
        yield "cancels each task once"
    left = [records[name] for name in seen.known if seen.on_return[name] is End.PENDING]
    if any(record.name in seen.entered and _obeys(record.plan) for record in left):
        yield "ends the tasks that obey"
    outlived = [record for record in left if record.ended > seen.operation.ended]
    if any(record.requests == 0 and not record.plan.cancelled for record in outlived):
        yield "leaves no task unasked"
    if seen.collected:
        yield "keeps the stuck"
    crashed = [name for name in seen.known if records[name].state is End.CRASHED]
    if any(logged[name] != 1 for name in crashed):
        yield "logs each crash once"
    if seen.report is not None:
        yield from _broken_by_report(plan, seen, seen.report)


def _bound(plan: DrainPlan, operation: Operation) -> float:
    ends = operation.started + plan.timeout
    if plan.cancel:
        return ends
    acknowledge = plan.timeout / 6 if plan.cancel_timeout is None else plan.cancel_timeout
    return min(ends, operation.first_cancelled) + acknowledge


def _obeys(plan: TaskPlan) -> bool:
    return plan.when_cancelled is WhenCancelled.OBEYS


def _broken_by_report(plan: DrainPlan, seen: Drained, report: DrainReport) -> Iterator[str]:
    stuck = [task.name for task in report.stuck]
    named = [*report.finished, *report.cancelled, *report.failed, *stuck]
    if len(set(named)) < len(named) or not seen.known <= set(named) <= seen.on_return.keys():
        yield "names each task once"
        return
    lists = {
        End.FINISHED: report.finished,
        End.CANCELLED: report.cancelled,
        End.CRASHED: report.failed,
        End.PEER_GONE: report.failed,
        End.PENDING: stuck,
    }
    if any(name not in lists[seen.on_return[name]] for name in named):
        yield "names each task for what it is"
    if plan.cancel:
        if report != len(stuck):
            yield "counts the forced"
        return
    grace_ends = seen.operation.started + plan.timeout
    records = [seen.world.records[name] for name in named]
    certain = sum(
        record.requests > 0 or record.started < grace_ends < record.ended for record in records
    )
    possible = sum(record.requests > 0 or record.ended >= grace_ends for record in records)
    if not certain <= report <= possible:
        yield "counts the forced"


async def straightforward_drain(
    tasks: set[asyncio.Task[Any]], *, timeout: float, cancel: bool, cancel_timeout: float | None
) -> DrainReport:
    """Name the tasks that the straightforward form knew of."""
    known = list(tasks)
    forced = await straightforward.drain(tasks, timeout=timeout, cancel=cancel)
    return DrainReport(
        forced,
        finished=tuple(t.get_name() for t in known if t.done() and not t.cancelled()),
        cancelled=tuple(t.get_name() for t in known if t.cancelled()),
        stuck=tuple(StuckTask(t.get_name(), "somewhere") for t in known if not t.done()),
    )
