"""What the supervision of random tasks promises."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import straightforward
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from random_tasks import (
    CANCELLATIONS,
    HORIZON,
    MOMENTS,
    End,
    Moment,
    Operation,
    Record,
    TaskPlan,
    World,
    operate,
    retrieve,
    run,
    task_plans,
    wait,
)

from async_tasks import Metrics, SupervisorExit

Supervise = Callable[..., Awaitable[SupervisorExit]]

REASONS: Final = ("disconnect", "crash", "cancelled", "lifetime_done")
MEANING: Final = {
    ("receive", End.FINISHED): "disconnect",
    ("receive", End.CANCELLED): "cancelled",
    ("lifetime", End.FINISHED): "lifetime_done",
    ("lifetime", End.CANCELLED): "cancelled",
    **{(role, End.PEER_GONE): "disconnect" for role in ("receive", "lifetime", "finite")},
    **{(role, End.CRASHED): "crash" for role in ("receive", "lifetime", "finite")},
}
"""What ends a session, and how that is called."""


@dataclass(frozen=True, slots=True)
class SupervisePlan:
    """The supervision starts at ``starts``, the tasks at 0 s; ``cancelled`` counts from there."""

    receive: TaskPlan
    lifetime: tuple[TaskPlan, ...]
    finite: tuple[TaskPlan, ...]
    starts: Moment
    cancelled: tuple[Moment, ...]


SUPERVISE_PLANS = st.builds(
    SupervisePlan,
    receive=task_plans(),
    lifetime=st.lists(task_plans(), max_size=3).map(tuple),
    finite=st.lists(task_plans(), max_size=3).map(tuple),
    starts=MOMENTS,
    cancelled=CANCELLATIONS,
)


@dataclass(slots=True)
class Supervised:
    """What was seen of a supervision; ``on_return`` is what had ended the session by then."""

    world: World
    operation: Operation | None = None
    exit: SupervisorExit | None = None
    on_return: dict[str, str] | None = None


async def play_supervise(plan: SupervisePlan, supervise: Supervise, metrics: Metrics) -> Supervised:
    seen = Supervised(World())
    (receive,), lifetime, finite = (
        [seen.world.start(task, f"{role} {number}") for number, task in enumerate(tasks)]
        for role, tasks in (
            ("receive", [plan.receive]),
            ("lifetime", plan.lifetime),
            ("finite", plan.finite),
        )
    )

    async def call() -> None:
        seen.exit = await supervise(
            receive_task=receive,
            bg_tasks=[*finite, *lifetime],
            finite_tasks=finite,
            label="t",
            metrics=metrics,
        )
        seen.on_return = {r.name: m for r in seen.world.records.values() if (m := meaning(r))}

    await wait(plan.starts)
    seen.operation = await operate(call, [*plan.cancelled, Moment(HORIZON / 2)])
    await _end([task for task in (receive, *lifetime, *finite) if not _was_seen(task, seen)])
    seen.world.close()
    return seen


def _was_seen(task: asyncio.Task[None], seen: Supervised) -> bool:
    return seen.on_return is not None and task.get_name() in seen.on_return


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        retrieve(task)


def meaning(record: Record) -> str | None:
    """Return why the end of this task is the end of the session, or None if it is not."""
    return MEANING.get((record.name.split()[0], record.state))


def promises_broken_by_supervise(
    simulation: Any, plan: SupervisePlan, supervise: Supervise
) -> set[str]:
    registry = CollectorRegistry()
    ran = run(simulation, play_supervise(plan, supervise, Metrics(registry)))
    counted = {
        reason: registry.get_sample_value(
            "async_supervisor_exit_total", {"label": "t", "reason": reason}
        )
        for reason in REASONS
    }
    return {*_broken(ran.seen, counted), *ran.complaints}


def _broken(seen: Supervised, counted: dict[str, float | None]) -> Iterator[str]:
    records = seen.world.records.values()
    first_end = min((record.ended for record in records if meaning(record)), default=HORIZON)
    due = min(max(first_end, seen.operation.started), seen.operation.first_cancelled)
    if seen.operation.ended != due:
        yield "returns at the first end"
    if seen.operation.lost_a_cancellation:
        yield "loses no cancellation"
    if any(record.requests for record in records):
        yield "cancels no task"
    reason = "cancelled" if seen.exit is None else seen.exit.reason
    if {name: count for name, count in counted.items() if count} != {reason: 1}:
        yield "counts each exit once"
    if seen.exit is not None:
        yield from _broken_by_exit(seen.exit, seen.on_return or {})


def _broken_by_exit(exit_: SupervisorExit, ends: dict[str, str]) -> Iterator[str]:
    if exit_.reason != min(ends.values(), key=REASONS.index, default=None):
        yield "names the reason that takes precedence"
    if ends.get(exit_.task_name or "") != exit_.reason:
        yield "names the task that decided"
    others = Counter((end.task_name, end.reason) for end in exit_.others)
    if others + Counter([(exit_.task_name, exit_.reason)]) != Counter(ends.items()):
        yield "names every end of the round once"


async def straightforward_supervise(
    *, metrics: Metrics, label: str, **tasks: Any
) -> SupervisorExit:
    exit_ = await straightforward.supervise(**tasks)
    return SupervisorExit(exit_.reason, exception=exit_.exception)
