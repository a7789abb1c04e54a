"""What a fan-out of random items promises."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import straightforward
from hypothesis import strategies as st
from random_tasks import (
    CANCELLATIONS,
    MOMENTS,
    SECONDS,
    Moment,
    Operation,
    in_rounds,
    operate,
    refuse,
    run,
    wait,
)
from workload import forever, now

from async_tasks import GatherResult, gather_chunked, gather_with_logging

Results = list[GatherResult[str]]
Item = Coroutine[Any, Any, str]


class ItemEnd(StrEnum):
    """How an item ends when its time has come."""

    VALUE = "value"
    RAISES = "raises"
    OWN_LIMIT = "runs into a time limit of its own"
    CANCELS_ITSELF = "cancels itself"
    CANCELS_ITSELF_AND_RETURNS = "cancels itself and returns"


class Waits(StrEnum):
    """How an item waits until its time has come."""

    SIMPLY = "simply"
    IN_ROUNDS = "in rounds with a time limit of their own"
    REFUSING = "whatever cancels it"


@dataclass(frozen=True, slots=True)
class ItemPlan:
    takes: Moment
    waits: Waits
    end: ItemEnd

    @property
    def refuses(self) -> bool:
        return self.waits is Waits.REFUSING


@dataclass(frozen=True, slots=True)
class GatherPlan:
    """Without a ``chunk_size`` it is not chunked."""

    items: tuple[ItemPlan, ...]
    max_concurrency: int
    timeout: float | None
    chunk_size: int | None
    cancelled: tuple[Moment, ...]


Gather = Callable[[GatherPlan, list[Item]], Awaitable[Results]]

GATHER_PLANS = st.builds(
    GatherPlan,
    items=st.lists(
        st.builds(ItemPlan, MOMENTS, st.sampled_from(Waits), st.sampled_from(ItemEnd)), max_size=7
    ).map(tuple),
    max_concurrency=st.integers(1, 4),
    timeout=st.none() | SECONDS,
    chunk_size=st.none() | st.integers(1, 4),
    cancelled=CANCELLATIONS,
)


@dataclass(slots=True)
class Gathered:
    """What was seen of a gather.

    ``running`` are the items that run at the moment, ``overlaps`` who ran when another started,
    ``left`` the items that ran, and ``tasks_left`` the tasks that were there, on return.
    """

    operation: Operation | None = None
    results: Results | None = None
    running: set[int] = field(default_factory=set)
    overlaps: list[tuple[int, set[int]]] = field(default_factory=list)
    started: dict[int, float] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    tasks_left: int = 0
    unclosed: int = 0

    async def play(self, number: int, item: ItemPlan) -> str:
        self.overlaps.append((number, set(self.running)))
        self.started[number] = now()
        self.running.add(number)
        try:
            await _wait(item)
            return await _end(number, item)
        finally:
            self.running.remove(number)


async def _wait(item: ItemPlan) -> None:
    if item.waits is Waits.REFUSING:
        await refuse(item.takes.seconds)
    elif item.waits is Waits.IN_ROUNDS:
        await in_rounds(item.takes.seconds, 1.0, cleanup=3)
    elif item.end is not ItemEnd.OWN_LIMIT:
        await wait(item.takes)


async def _end(number: int, item: ItemPlan) -> str:
    if item.end is ItemEnd.RAISES:
        raise ValueError(str(number))
    if item.end is ItemEnd.OWN_LIMIT:
        async with asyncio.timeout(item.takes.seconds if item.waits is Waits.SIMPLY else 0):
            await forever()
    if item.end in (ItemEnd.CANCELS_ITSELF, ItemEnd.CANCELS_ITSELF_AND_RETURNS):
        asyncio.current_task().cancel()
    if item.end is ItemEnd.CANCELS_ITSELF:
        await forever()
    return str(number)


async def play_gather(plan: GatherPlan, gather: Gather) -> Gathered:
    asyncio.current_task().set_name("main")
    seen = Gathered()
    coros = [seen.play(number, item) for number, item in enumerate(plan.items)]

    async def call() -> None:
        try:
            seen.results = await gather(plan, coros)
        finally:
            seen.left = set(seen.running)
            seen.tasks_left = _others()

    seen.operation = await operate(call, plan.cancelled)
    await asyncio.sleep(20)
    seen.tasks_left = max(seen.tasks_left - len(seen.left), _others())
    seen.unclosed = sum(inspect.getcoroutinestate(coro) != inspect.CORO_CLOSED for coro in coros)
    for coro in coros:
        if inspect.getcoroutinestate(coro) == inspect.CORO_CREATED:
            coro.close()
    return seen


def _others() -> int:
    names = [task.get_name() for task in asyncio.all_tasks()]
    return len([name for name in names if name not in ("main", "operation", "somebody")])


def promises_broken_by_gather(simulation: Any, plan: GatherPlan, gather: Gather) -> set[str]:
    ran = run(simulation, play_gather(plan, gather))
    return {*_broken(plan, ran.seen), *ran.complaints}


def _broken(plan: GatherPlan, seen: Gathered) -> Iterator[str]:
    cancelled = seen.operation.first_cancelled
    stop_timeout = 5.0 if any(item.refuses for item in plan.items) else 0.0
    if seen.operation.ended > cancelled + stop_timeout + 1e-3:
        yield "ends within its bound when cancelled"
    if seen.operation.lost_a_cancellation:
        yield "loses no cancellation"
    if any(at > cancelled for at in seen.started.values()):
        yield "starts nothing when cancelled"
    if seen.unclosed:
        yield "closes every item"
    if seen.tasks_left or any(not plan.items[number].refuses for number in seen.left):
        yield "leaves no task"
    if any(len(running) >= plan.max_concurrency for _, running in seen.overlaps):
        yield "runs no more at a time than allowed"
    if plan.chunk_size and not _chunks_are_apart(plan.chunk_size, seen):
        yield "ends a chunk before the next"
    if seen.results is not None:
        yield from _broken_by_results(plan, seen.results)


def _chunks_are_apart(size: int, seen: Gathered) -> bool:
    return all(
        other // size == number // size for number, others in seen.overlaps for other in others
    )


def _broken_by_results(plan: GatherPlan, results: Results) -> Iterator[str]:
    if [result.index for result in results] != list(range(len(plan.items))):
        yield "gives an outcome for each item, in order"
    for result in results:
        if _outcome(result) not in _possible(result.index, plan.items[result.index], plan.timeout):
            yield "gives each item its own outcome"


def _outcome(result: GatherResult[str]) -> str:
    if result.timed_out:
        return "timed out"
    if result.cancelled:
        return "cancelled"
    if isinstance(result.exception, TimeoutError):
        return "own limit"
    if result.exception is not None:
        return f"raised {result.exception}"
    return f"returned {result.value}"


def _possible(number: int, item: ItemPlan, limit: float | None) -> set[str]:
    """Return its outcomes: more than one if two things happen to it in the same moment."""
    own = {
        ItemEnd.VALUE: {f"returned {number}"},
        ItemEnd.RAISES: {f"raised {number}"},
        ItemEnd.OWN_LIMIT: {"own limit"},
        ItemEnd.CANCELS_ITSELF: {"cancelled"},
        ItemEnd.CANCELS_ITSELF_AND_RETURNS: {"cancelled", f"returned {number}"},
    }[item.end]
    if limit is None or item.takes.seconds < limit:
        return own
    if item.refuses or item.takes.seconds == limit:
        return own | {"timed out"}
    return {"timed out"}


async def our_gather(plan: GatherPlan, coros: list[Item]) -> Results:
    if plan.chunk_size is None:
        return await gather_with_logging(
            *coros, label="t", max_concurrency=plan.max_concurrency, timeout=plan.timeout
        )
    return await gather_chunked(
        coros,
        chunk_size=plan.chunk_size,
        label="t",
        max_concurrency=plan.max_concurrency,
        timeout=plan.timeout,
    )


async def straightforward_gather(plan: GatherPlan, coros: list[Item]) -> list[Any]:
    outcomes = await straightforward.gather(
        *coros, max_concurrency=plan.max_concurrency, timeout=plan.timeout
    )
    for outcome in outcomes:  # what its caller can tell
        outcome.cancelled = isinstance(outcome.exception, asyncio.CancelledError)
        outcome.timed_out = isinstance(outcome.exception, TimeoutError)
    return outcomes
