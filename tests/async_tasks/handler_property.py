"""What a session's handler promises, whatever its tasks do and however often it is cancelled."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import straightforward
from hypothesis import strategies as st
from random_tasks import (
    CANCELLATIONS,
    HORIZON,
    End,
    Moment,
    Operation,
    TaskPlan,
    World,
    operate,
    run,
    task_plans,
)

from async_tasks import SessionScope, poll


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session of these tasks and a poller; ``cancelled`` is when its handler is."""

    receive: TaskPlan
    loops: tuple[TaskPlan, ...]
    cancelled: tuple[Moment, ...]


SESSION_PLANS = st.builds(
    SessionPlan,
    receive=task_plans(),
    loops=st.lists(task_plans(), max_size=3).map(tuple),
    cancelled=CANCELLATIONS,
)


@dataclass(slots=True)
class Session:
    """One connection, which also plays its own gauge."""

    plan: SessionPlan
    world: World = field(default_factory=World)
    shutdown: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    flushed: int = 0
    unasked: set[str] = field(default_factory=set)
    """The tasks that were pending when the gauge went down, and that nobody had cancelled."""

    @property
    def gauge(self) -> "Session":
        return self

    def plans(self) -> Iterator[tuple[str, TaskPlan]]:
        """Yield the plans by name, that of the receive task first."""
        for number, plan in enumerate((self.plan.receive, *self.plan.loops)):
            yield str(number), plan

    def start(self) -> list[asyncio.Task[Any]]:
        tasks = [self.world.start(plan, name) for name, plan in self.plans()]
        return [*tasks, asyncio.create_task(self.poll(), name="poller")]

    async def play(self, plan: TaskPlan, name: str) -> None:
        """Follow the plan in a task; cancelling the caller cancels that task."""
        await self.world.start(plan, name)

    def inc(self) -> None:
        self.connections += 1

    def dec(self) -> None:
        self.connections -= 1
        self.unasked = {
            record.name
            for record in self.world.records.values()
            if record.state is End.PENDING and not record.requests and not record.plan.cancelled
        }

    async def poll(self) -> None:
        async for one in poll(self.shutdown, 1.0):
            self.flushed += one.last


Handler = Callable[[Session], Awaitable[None]]


async def scoped_handler(session: Session) -> None:
    async with SessionScope("ws:ada", label="pusher", gauge=session) as scope:
        session.shutdown = scope.shutdown
        (name, plan), *loops = session.plans()
        scope.receive(session.play(plan, name))
        for name, plan in loops:
            scope.lifetime(session.play(plan, name), name=name)
        scope.lifetime(session.poll(), name="poller")
        await scope.supervise()


async def straightforward_handler(session: Session) -> None:
    tasks: list[asyncio.Task[Any]] = []
    try:
        session.inc()
        tasks = receive, *loops = session.start()
        await straightforward.supervise(receive_task=receive, bg_tasks=loops)
        session.shutdown.set()
        await straightforward.drain(loops, timeout=30, cancel=False)
    finally:
        await straightforward.drain(tasks, timeout=5)
        session.dec()


async def play_session(plan: SessionPlan, handler: Handler) -> tuple[Session, Operation]:
    session = Session(plan)
    cancelled = [*plan.cancelled, Moment(HORIZON / 2)]
    operation = await operate(lambda: handler(session), cancelled)
    await asyncio.sleep(20)
    session.world.close()
    return session, operation


def promises_broken_by_handler(simulation: Any, plan: SessionPlan, handler: Handler) -> set[str]:
    ran = run(simulation, play_session(plan, handler))
    return {*_broken(*ran.seen), *ran.complaints}


def _broken(session: Session, operation: Operation) -> Iterator[str]:
    if session.connections != 0:
        yield "pairs the gauge"
    if session.unasked:
        yield "counts the session until it is drained"
    if operation.lost_a_cancellation:
        yield "loses no cancellation"
    first_end = min((record.ended for record in session.world.records.values()), default=math.inf)
    bound = min(first_end + 30 + 5 + 5, operation.first_cancelled + 5 + 5)
    if operation.ended > bound + 1e-3:
        yield "ends within its bound"
    if not operation.cancelled_at and session.flushed != 1:
        yield "flushes at shutdown"
