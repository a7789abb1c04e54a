"""A scenario with something of everything that is counted, and each way to look at it."""

import asyncio
from collections.abc import Callable

import hypothesis.strategies as st
from lifecycles import for_ever, variant_with

from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed

KEPT: list[object] = []
DURATION = 700


def scenario(sample_every: int) -> Scenario:
    groups = [
        DeviceGroup(name=leave, count=4, arrive=(0, 59), stay=(100, 300), leave=leave)
        for leave in (Leave.CLOSE, Leave.VANISH)
    ]
    return Scenario(
        name="mixed",
        summary="",
        seed=7,
        duration=DURATION,
        devices=tuple(groups),
        sample_every=sample_every,
    )


async def mixed(session: PusherSession) -> None:
    """Sessions of which one becomes a ghost, one leaves a task, one leaks, and one ends."""
    number = int(session.uid[-1])
    session.gauge.inc()
    try:
        await session.receive()
        if number == 0:
            await for_ever()
        if number == 1:
            KEPT.append(asyncio.create_task(for_ever()))
        if number == 2:
            KEPT.append(session)
    finally:
        session.gauge.dec()
        await session.close()


LOOKS: list[Callable[[TestBed], object]] = [
    lambda bed: bed.observer.sample(),
    lambda bed: bed.observer.audio(),
    lambda bed: bed.observer.sessions_at_end(),
    lambda bed: bed.observer.sessions.ghosts,
    lambda bed: bed.observer.sessions.connected,
    lambda bed: bed.observer.sessions.open,
    lambda bed: bed.observer.sessions.leaked,
    lambda bed: bed.observer.sessions.orphans(),
    lambda bed: bed.observer.sessions.tasks(),
    lambda bed: bed.observer.sessions.states(),
    lambda bed: bed.observer.sessions.held_bytes,
    lambda bed: bed.observer.memory.of(bed.observer.sessions.open, bed.observer.sessions.tasks()),
    lambda bed: bed.observer.memory.of(
        bed.observer.sessions.ghosts, bed.observer.sessions.tasks(), cached=True
    ),
]


def recorded(sample_every: int, looks: list[int], *, memory: bool = False) -> Recording:
    turn = iter(looks * DURATION)

    def look(bed: TestBed) -> None:
        for _ in looks:
            LOOKS[next(turn)](bed)

    KEPT.clear()
    try:
        return replay(
            scenario(sample_every), variant_with(mixed), measure_memory=memory, at_sample=look
        )
    finally:
        KEPT.clear()


def assert_looking_changes_nothing(once: Recording, sample_every: int, looks: list[int]) -> None:
    """Compare with a recording that was sampled once, at its end."""
    looked_at = recorded(sample_every, looks)
    assert looked_at.last == once.last
    assert (looked_at.events, looked_at.sessions, looked_at.audio) == (
        once.events,
        once.sessions,
        once.audio,
    )


SAMPLE_EVERY = st.integers(13, DURATION)
SOME_LOOKS = st.lists(st.integers(0, len(LOOKS) - 1), max_size=4)
