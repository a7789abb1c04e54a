"""Random tasks: plans that hypothesis can print, and a world that plays them."""

import asyncio
import contextlib
import logging
import math
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from hypothesis import strategies as st
from workload import now

T = TypeVar("T")
FOREVER: Final = 1e6
HORIZON: Final = 100.0
"""Seconds after which an operation counts as one that never ends."""
_BY_OPERATION: ContextVar[bool] = ContextVar("_BY_OPERATION", default=False)
_somebodies: set[asyncio.Task[Any]] = set()


class End(StrEnum):
    """How a task is once it is done; a plan draws one of the first three."""

    FINISHED = "finished"
    CRASHED = "crashed"
    PEER_GONE = "peer gone"
    CANCELLED = "cancelled"
    PENDING = "pending"


class WhenCancelled(StrEnum):
    """What a task does when it is cancelled."""

    OBEYS = "obeys"
    FLUSHES = "flushes"
    CRASHES = "flushes and crashes"
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment ``seconds`` from now and ``turns`` turns of the loop later."""

    seconds: float
    turns: int = 0


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task that ``works`` until it reaches its ``end``, or indefinitely.

    With ``limit`` it works in rounds that a time limit of its own ends. ``tail`` is how many
    seconds it flushes when cancelled, or how long it lives on although it was. It starts its
    children when its work is over, for whatever reason. Moments count from its own start.
    """

    works: Moment | None
    end: End = End.FINISHED
    limit: float | None = None
    when_cancelled: WhenCancelled = WhenCancelled.OBEYS
    tail: float = 0.0
    cancelled: tuple[Moment, ...] = ()
    children: tuple["TaskPlan", ...] = ()


# Few different times, so that many things happen in the same moment.
SECONDS = st.sampled_from([0.0, 1.0, 2.0, 3.0, 6.0])
MOMENTS = st.builds(Moment, SECONDS, st.integers(0, 3))
CANCELLATIONS = st.lists(MOMENTS, max_size=3).map(tuple)
CHILDLESS: st.SearchStrategy[tuple[TaskPlan, ...]] = st.just(())


def task_plans(
    children: st.SearchStrategy[tuple[TaskPlan, ...]] = CHILDLESS,
) -> st.SearchStrategy[TaskPlan]:
    return st.builds(
        TaskPlan,
        st.none() | MOMENTS,
        end=st.sampled_from([End.FINISHED, End.CRASHED, End.PEER_GONE]),
        limit=st.none() | st.sampled_from([1.0, 2.0]),
        when_cancelled=st.sampled_from(WhenCancelled),
        tail=SECONDS,
        cancelled=st.lists(MOMENTS, max_size=1).map(tuple),
        children=children,
    )


def families() -> st.SearchStrategy[TaskPlan]:
    """Draw tasks with children and grandchildren."""
    children = st.lists(task_plans(), max_size=2).map(tuple)
    return task_plans(st.lists(task_plans(children), max_size=2).map(tuple))


async def wait(moment: Moment) -> None:
    await pause(moment.seconds)
    await turns(moment.turns)


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def pause(seconds: float) -> None:
    """Sleep on a future that only the sleeper refers to: a task nobody keeps is collected."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    timer = loop.call_later(seconds, _wake, weakref.ref(future))
    try:
        await future
    finally:
        timer.cancel()


def _wake(reference: "weakref.ref[asyncio.Future[None]]") -> None:
    future = reference()
    if future is not None and not future.done():
        future.set_result(None)


async def refuse(seconds: float) -> None:
    """Live that long, whatever cancels it."""
    end = now() + seconds
    while now() < end:
        with contextlib.suppress(asyncio.CancelledError):
            await pause(end - now())


async def in_rounds(seconds: float, limit: float, cleanup: int = 0) -> None:
    """Pause that long, with a time limit of its own on each round and then turns of cleanup."""
    end = now() + seconds
    while now() < end:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                try:
                    await pause(end - now())
                finally:
                    await turns(cleanup)


@dataclass(slots=True)
class Record:
    """What became of one task. It does not keep the task."""

    name: str
    plan: TaskPlan
    started: float
    ended: float = math.inf
    raised: End | None = None
    cancelled: bool = False
    requests: int = 0
    """How often the operation under test, and nobody else, asked the task to cancel."""
    task: Callable[[], asyncio.Task[None] | None] = lambda: None

    @property
    def state(self) -> End:
        task = self.task()
        if self.ended == math.inf and (task is None or not task.done()):
            return End.PENDING
        if self.raised is not None:
            return self.raised
        cancelled = self.cancelled if task is None else task.cancelled()
        return End.CANCELLED if cancelled else End.FINISHED

    @property
    def is_collected(self) -> bool:
        """Whether the task was lost while it was pending."""
        return self.state is End.PENDING and self.task() is None

    def on_done(self, task: asyncio.Task[None]) -> None:
        self.ended, self.cancelled = now(), task.cancelled()


class NumberedTask(asyncio.Task[None]):
    """A task of which a set has the same order in every run."""

    def __init__(self, coro: Any, *, name: str, number: int) -> None:
        self._number = number
        super().__init__(coro, name=name)

    def __hash__(self) -> int:
        return self._number


class RecordedTask(NumberedTask):
    """Counts how often the operation cancels it."""

    def __init__(self, coro: Any, record: Record, number: int) -> None:
        self._record = record
        super().__init__(coro, name=record.name, number=number)

    def cancel(self, msg: Any = None) -> bool:
        self._record.requests += _BY_OPERATION.get()
        return super().cancel(msg)


@dataclass(slots=True)
class World:
    """Plays plans. The tasks are in ``live``, also the done ones unless it forgets them."""

    forgets_the_done: bool = False
    live: set[asyncio.Task[Any]] = field(default_factory=set)
    records: dict[str, Record] = field(default_factory=dict)
    closed: bool = False

    def start(self, plan: TaskPlan, name: str) -> asyncio.Task[None]:
        record = self.records[name] = Record(name, plan, now())
        task = RecordedTask(self._play(plan, record), record, number=len(self.records))
        record.task = weakref.ref(task)
        self.live.add(task)
        task.add_done_callback(record.on_done)
        if self.forgets_the_done:
            task.add_done_callback(self.live.discard)
            task.add_done_callback(retrieve)  # it may be over before anybody looks at the set
        for moment in plan.cancelled:
            cancel_later(task, moment)
        return task

    def close(self) -> None:
        """Let go of all tasks, and start no more."""
        self.closed = True
        self.live.clear()

    def names(self) -> set[str]:
        """Return who is in ``live``, the operation aside."""
        return {task.get_name() for task in self.live} & self.records.keys()

    def states(self) -> dict[str, End]:
        return {name: record.state for name, record in self.records.items()}

    async def _play(self, plan: TaskPlan, record: Record) -> None:
        try:
            try:
                await self._work(plan)
            finally:
                self._start_children(plan, record.name)
        except asyncio.CancelledError:
            if plan.when_cancelled is WhenCancelled.REFUSES:
                await refuse(plan.tail)
            elif plan.when_cancelled is WhenCancelled.OBEYS:
                raise
            else:
                await pause(plan.tail)
                if plan.when_cancelled is WhenCancelled.FLUSHES:
                    raise
                self._raise(End.CRASHED, record)
        if plan.end is not End.FINISHED:
            self._raise(plan.end, record)

    async def _work(self, plan: TaskPlan) -> None:
        moment = plan.works or Moment(FOREVER)
        if plan.limit is None:
            await wait(moment)
        else:
            await in_rounds(moment.seconds, plan.limit)

    def _start_children(self, plan: TaskPlan, name: str) -> None:
        if not self.closed:
            for number, child in enumerate(plan.children):
                self.start(child, f"{name}.{number}")

    def _raise(self, end: End, record: Record) -> None:
        record.raised = end
        raise (ValueError if end is End.CRASHED else ConnectionResetError)(record.name)


def retrieve(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()


def cancel_later(task: asyncio.Task[Any], moment: Moment) -> asyncio.Task[list[float]]:
    """Cancel ``task`` at that moment; the result is when that was, if it was not too late."""
    reference = weakref.ref(task)

    async def cancel() -> list[float]:
        await wait(moment)
        target = reference()
        return [now()] if target is not None and target.cancel() else []

    somebody = asyncio.create_task(cancel(), name="somebody")
    somebody.add_done_callback(_somebodies.discard)
    _somebodies.add(somebody)
    return somebody


@dataclass(slots=True)
class Operation:
    """One call, and when it was cancelled from outside while it ran."""

    started: float
    ended: float
    cancelled_at: list[float]
    was_cancelled: bool

    @property
    def first_cancelled(self) -> float:
        return min(self.cancelled_at, default=FOREVER)

    @property
    def lost_a_cancellation(self) -> bool:
        return self.was_cancelled != bool(self.cancelled_at)


async def operate(call: Callable[[], Awaitable[None]], cancelled: Iterable[Moment]) -> Operation:
    """Run ``call`` as a task of its own, cancelled at these moments; it does not raise that."""

    async def marked() -> None:
        _BY_OPERATION.set(True)
        await call()

    started = now()
    task = NumberedTask(marked(), name="operation", number=0)
    cancellations = [cancel_later(task, moment) for moment in cancelled]
    await asyncio.wait([task], timeout=HORIZON)
    ended = now()
    cancelled_at = [at for actor in cancellations if actor.done() for at in actor.result()]
    for actor in cancellations:
        actor.cancel()
    if not task.done():
        task.cancel()
        return Operation(started, FOREVER, cancelled_at, was_cancelled=False)
    if not task.cancelled():
        task.result()
    return Operation(started, ended, cancelled_at, task.cancelled())


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """The result of a simulation, the crashes logged, and the promises its loop found broken."""

    seen: T
    crashes: Counter[str]
    complaints: set[str]


def run(simulation: Any, main: Coroutine[Any, Any, T]) -> Run[T]:
    simulation.complaints.clear()
    with crashes_logged() as crashes:
        seen = simulation.run(main)
    return Run(seen, crashes, set(map(_promise, simulation.complaints)))


def _promise(complaint: str) -> str:
    if complaint.endswith("exception was never retrieved"):
        return "retrieves every exception"
    return complaint


@contextlib.contextmanager
def crashes_logged() -> Iterator[Counter[str]]:
    """Count the crashes that are logged with a traceback, each by the words of its exception."""
    crashes: Counter[str] = Counter()

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info:
                crashes[str(record.exc_info[1])] += 1

    logger, handler = logging.getLogger("async_tasks"), Counting()
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield crashes
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
