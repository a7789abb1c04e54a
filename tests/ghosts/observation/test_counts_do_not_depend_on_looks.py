"""The counts and events are the same however often, and in whatever order, they are looked at."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from lifecycles import variant_with
from looks import (
    DURATION,
    KEPT,
    LOOKS,
    SAMPLE_EVERY,
    SOME_LOOKS,
    assert_looking_changes_nothing,
    mixed,
    recorded,
    scenario,
)

from ghosts.lab.counts import Counts
from ghosts.records.recording import Recording, Sample
from ghosts.records.scenario import load_scenario
from ghosts.records.snapshot import Snapshot
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed


@pytest.fixture(scope="module")
def once() -> Recording:
    """Sampled once, at the end, and not looked at before."""
    return recorded(DURATION, [])


def test_the_scenario_has_something_of_everything(once: Recording) -> None:
    last = once.last
    assert min(last.ghosts, last.orphans, last.leaked_sessions, last.gauge, last.queued_bytes) > 0


@settings(max_examples=3, deadline=None, derandomize=True)
@given(sample_every=SAMPLE_EVERY, looks=SOME_LOOKS)
def test_sampling_and_looking_change_nothing(
    once: Recording, sample_every: int, looks: list[int]
) -> None:
    assert_looking_changes_nothing(once, sample_every, looks)


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

    def twice(bed: TestBed) -> None:
        for look in LOOKS[1:]:  # a sample has the resident memory, too
            answers.append(look(bed) == look(bed))

    KEPT.clear()
    replay(scenario(350), variant_with(mixed), at_sample=twice)
    KEPT.clear()
    assert answers == [True] * (2 * len(LOOKS[1:]))


@pytest.mark.parametrize("variant", ["gather_all", "supervised"])
def test_a_shipped_scenario_counts_the_same_at_any_interval(variant: str) -> None:
    lasts = []
    for every in (30, 900):
        one = replace(load_scenario("storage_never_answers").fewer(8), sample_every=every)
        recording = replay(one, variant, measure_memory=False)
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
