"""However often and in whatever order one looks, the counts and the events are the same."""

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from lifecycles import for_ever

from ghosts.lab.counts import Counts
from ghosts.pusher import Session
from ghosts.records.recording import Recording, Sample
from ghosts.records.scenario import DeviceGroup, Leave, Scenario
from ghosts.records.snapshot import Snapshot
from ghosts.replay import load_scenario, replay
from ghosts.replay.pod import Pod

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


async def mixed(session: Session) -> None:
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


LOOKS: list[Callable[[Pod], object]] = [
    lambda pod: pod.observer.sample(),
    lambda pod: pod.observer.audio(),
    lambda pod: pod.observer.sessions_at_end(),
    lambda pod: pod.observer.sessions.ghosts,
    lambda pod: pod.observer.sessions.connected,
    lambda pod: pod.observer.sessions.open,
    lambda pod: pod.observer.sessions.leaked,
    lambda pod: pod.observer.sessions.orphans(),
    lambda pod: pod.observer.sessions.tasks(),
    lambda pod: pod.observer.sessions.states(),
    lambda pod: pod.observer.sessions.held_bytes,
    lambda pod: pod.observer.memory.of(pod.observer.sessions.open, pod.observer.sessions.tasks()),
    lambda pod: pod.observer.memory.of(
        pod.observer.sessions.ghosts, pod.observer.sessions.tasks(), cached=True
    ),
]


def recorded(sample_every: int, looks: list[int], *, memory: bool = False) -> Recording:
    turn = iter(looks * DURATION)

    def look(pod: Pod) -> None:
        for _ in looks:
            LOOKS[next(turn)](pod)

    KEPT.clear()
    try:
        return replay(scenario(sample_every), mixed, measure_memory=memory, at_sample=look)
    finally:
        KEPT.clear()


@pytest.fixture(scope="module")
def once() -> Recording:
    """Sampled once, at the end, and never looked at otherwise."""
    return recorded(DURATION, [])


def test_the_scenario_has_something_of_everything(once: Recording) -> None:
    last = once.last
    assert min(last.ghosts, last.orphans, last.leaked_sessions, last.gauge, last.queued_bytes) > 0


@settings(max_examples=7, deadline=None, derandomize=True)
@given(
    sample_every=st.integers(13, DURATION),
    looks=st.lists(st.integers(0, len(LOOKS) - 1), max_size=4),
)
def test_sampling_and_looking_change_nothing(
    once: Recording, sample_every: int, looks: list[int]
) -> None:
    looked_at = recorded(sample_every, looks)
    assert looked_at.last == once.last
    assert (looked_at.events, looked_at.sessions, looked_at.audio) == (
        once.events,
        once.sessions,
        once.audio,
    )


def test_the_memory_of_ghosts_is_the_same_too_and_at_every_moment_that_two_share() -> None:
    often, seldom = recorded(35, [11, 5, 12], memory=True), recorded(175, [], memory=True)
    common = {sample.t: sample for sample in often.samples}
    for one in seldom.samples:
        other = common[one.t]
        assert _without_memory(one) == _without_memory(other)
        assert one.retained_bytes == pytest.approx(other.retained_bytes, rel=0.01)
        assert one.leaked_bytes == pytest.approx(other.leaked_bytes, rel=0.01)


def _without_memory(sample: Sample) -> Sample:
    return replace(sample, retained_bytes=0, leaked_bytes=0, rss_bytes=0, allocator=None)


def test_asking_twice_gives_the_same_answer() -> None:
    answers: list[bool] = []

    def twice(pod: Pod) -> None:
        for look in LOOKS[1:]:  # a sample has the resident memory, too
            answers.append(look(pod) == look(pod))

    KEPT.clear()
    replay(scenario(350), mixed, at_sample=twice)
    KEPT.clear()
    assert answers == [True] * (2 * len(LOOKS[1:]))


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised"])
def test_a_shipped_scenario_counts_the_same_at_any_interval(lifecycle: str) -> None:
    lasts = []
    for every in (30, 900):
        one = replace(load_scenario("storage_never_answers").fewer(8), sample_every=every)
        recording = replay(one, lifecycle, measure_memory=False)
        lasts.append((recording.last, recording.events, recording.sessions, recording.audio))
    assert lasts[0] == lasts[1]


def test_a_snapshot_is_one_type_wherever_it_is_taken() -> None:
    names = {field.name for field in fields(Snapshot)}
    assert issubclass(Sample, Snapshot)
    assert issubclass(Counts, Snapshot)
    for kind in (Sample, Counts):
        assert names < {field.name for field in fields(kind)}
    annotated: Any = Sample.__annotations__["listen"]
    assert annotated == Snapshot | None
