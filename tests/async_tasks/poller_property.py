"""What a poller promises, whenever it is shut down or cancelled and however long its rounds are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import straightforward
from hypothesis import strategies as st
from random_tasks import (
    CANCELLATIONS,
    MOMENTS,
    SECONDS,
    Moment,
    Operation,
    operate,
    run,
    wait,
)
from workload import now

from async_tasks.polling import Poll

Polling = Callable[[asyncio.Event, float], AsyncIterator[Poll]]


@dataclass(frozen=True, slots=True)
class PollerPlan:
    """Rounds every ``seconds``, each as long as the next of ``rounds``, until ``shutdown``."""

    seconds: float
    rounds: tuple[Moment, ...]
    shutdown: Moment
    cancelled: tuple[Moment, ...]


POLLER_PLANS = st.builds(
    PollerPlan,
    seconds=SECONDS.filter(bool),
    rounds=st.lists(MOMENTS, min_size=1, max_size=4).map(tuple),
    shutdown=MOMENTS,
    cancelled=CANCELLATIONS,
)


@dataclass(slots=True)
class Polled:
    """What was seen of a poller: when each poll came, whether it was the last, its round's end."""

    operation: Operation | None = None
    polls: list[tuple[float, bool]] = field(default_factory=list)
    rounds_ended: list[float] = field(default_factory=lambda: [0.0])


async def set_at(event: asyncio.Event, moment: Moment) -> None:
    await wait(moment)
    event.set()


async def play_poller(plan: PollerPlan, poll: Polling) -> Polled:
    seen = Polled()
    event = asyncio.Event()

    async def call() -> None:
        async for one in poll(event, plan.seconds):
            seen.polls.append((now(), one.last))
            await wait(plan.rounds[len(seen.polls) % len(plan.rounds)])
            seen.rounds_ended.append(now())

    shutting_down = asyncio.create_task(set_at(event, plan.shutdown))
    seen.operation = await operate(call, plan.cancelled)
    await shutting_down
    return seen


def promises_broken_by_poller(simulation: Any, plan: PollerPlan, poll: Polling) -> set[str]:
    ran = run(simulation, play_poller(plan, poll))
    return {*_broken(plan, ran.seen), *ran.complaints}


def _broken(plan: PollerPlan, seen: Polled) -> Iterator[str]:
    if seen.operation.lost_a_cancellation:
        yield "loses no cancellation"
    if any(last for _, last in seen.polls[:-1]):
        yield "polls no more after the last"
    shutdown = plan.shutdown.seconds
    for (at, last), ready in zip(seen.polls, seen.rounds_ended, strict=False):
        # A poll in the very moment of the shutdown may still be one of the others.
        due = max(ready, min(shutdown, ready + plan.seconds)) if last else ready + plan.seconds
        if at != due or (at > shutdown and not last) or (at < shutdown and last):
            yield "polls in time"
    if not seen.operation.cancelled_at and not (seen.polls and seen.polls[-1][1]):
        yield "ends with one last poll"


async def straightforward_poll(event: asyncio.Event, seconds: float) -> AsyncIterator[Poll]:
    while not await straightforward.sleep(event, seconds):
        yield Poll(last=False)


@dataclass(frozen=True, slots=True)
class SleepPlan:
    """A sleep of ``seconds``; ``shutdown`` is when the event is set."""

    seconds: float
    shutdown: Moment
    cancelled: tuple[Moment, ...]


SLEEP_PLANS = st.builds(SleepPlan, SECONDS, MOMENTS, CANCELLATIONS)
Sleep = Callable[[asyncio.Event, float], Awaitable[bool]]


def promises_broken_by_sleep(simulation: Any, plan: SleepPlan, sleep: Sleep) -> set[str]:
    async def play() -> set[str]:
        event = asyncio.Event()
        told: list[bool] = []

        async def call() -> None:
            told.append(await sleep(event, plan.seconds) is event.is_set())

        shutting_down = asyncio.create_task(set_at(event, plan.shutdown))
        operation = await operate(call, plan.cancelled)
        await shutting_down
        due = min(plan.seconds, plan.shutdown.seconds, operation.first_cancelled)
        kept = {
            "loses no cancellation": not operation.lost_a_cancellation,
            "wakes in time": operation.ended == due,
            "tells whether the event is set": all(told),
        }
        return {promise for promise, is_kept in kept.items() if not is_kept}

    ran = run(simulation, play())
    return ran.seen | ran.complaints
