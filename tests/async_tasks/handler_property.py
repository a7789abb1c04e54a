"""What a session's handler promises, whatever its tasks do and however often it is cancelled."""

import asyncio
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

from async_tasks import drain_tasks, supervise_tasks, ticks


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

    def start(self) -> list[asyncio.Task[Any]]:
        plans = (self.plan.receive, *self.plan.loops)
        tasks = [self.world.start(plan, str(number)) for number, plan in enumerate(plans)]
        return [*tasks, asyncio.create_task(self._poll(), name="poller")]

    def inc(self) -> None:
        self.connections += 1

    def dec(self) -> None:
        self.connections -= 1
        self.unasked = {
            record.name
            for record in self.world.records.values()
            if record.state is End.PENDING and not record.requests and not record.plan.cancelled
        }

    async def _poll(self) -> None:
        async for tick in ticks(self.shutdown, 1.0):
            self.flushed += tick.last


Handler = Callable[[Session], Awaitable[None]]


async def safe_handler(session: Session) -> None:
    tasks: list[asyncio.Task[Any]] = []
    try:
        session.inc()
        tasks = receive, *loops = session.start()
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        session.shutdown.set()
        await drain_tasks(loops, timeout=30, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(tasks, timeout=5, label="pusher_cleanup")
        finally:
            session.dec()


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


async def handler_that_hides_its_ghosts(session: Session) -> None:
    session.inc()
    try:
        receive, *loops = session.start()
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
    finally:
        session.dec()
        await drain_tasks([receive, *loops], timeout=5)


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
    first_end = min(record.ended for record in session.world.records.values())
    bound = min(first_end + 30 + 5 + 5, operation.first_cancelled + 5 + 5)
    if operation.ended > bound + 1e-3:
        yield "ends within its bound"
    if not operation.cancelled_at and session.flushed != 1:
        yield "flushes at shutdown"
