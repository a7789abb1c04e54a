"""Replays of three hours: production under each variant, its healthy twin, and a late hang."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median

import pytest
from production import (
    GHOSTS,
    MIB,
    assert_same_counts,
    first_all_blocked,
    retained_by_ghosts,
    stored_recording,
)

from ghosts.config import STORAGE_WORKERS
from ghosts.records.recording import Audio, Recording
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay
from ghosts.variants import COMPARED

RUNS = [
    ("production", "shipped"),  # the longest first
    ("production", "gather_all"),
    ("production", "supervised"),
    ("healthy_twin", "gather_all"),
    ("late_hang", "gather_all"),
]


@dataclass(frozen=True, slots=True)
class Run:
    """A recording, and where the audio was at each of its samples."""

    recording: Recording
    audio: list[Audio]


def _replay(scenario: str, variant: str) -> Run:
    audio: list[Audio] = []
    recording = replay(
        load_scenario(scenario),
        variant,
        measure_memory=scenario != "healthy_twin",  # no test reads its memory
        at_sample=lambda bed: audio.append(bed.observer.audio()),
    )
    return Run(recording, audio)


class Runs:
    """Replays that have been started; each is waited for by the tests that need it."""

    def __init__(self, running: dict[tuple[str, str], "Future[Run]"]) -> None:
        self._running = running

    def __getitem__(self, key: tuple[str, str]) -> Run:
        return self._running[key].result()

    def values(self) -> list[Run]:
        return [each.result() for each in self._running.values()]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """Each replay has a process of its own, whose memory nothing else has used."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as pool:
        yield Runs({run: pool.submit(_replay, *run) for run in RUNS})


@pytest.mark.parametrize("variant", COMPARED)
def test_a_replay_at_a_tenth_has_the_counts_of_the_recording_at_full_scale(
    runs: Runs, variant: str
) -> None:
    assert_same_counts(stored_recording(variant), runs["production", variant].recording)


def test_the_median_ghost_retains_a_tenth_of_14_to_16_mib_at_a_tenth_and_none_much_more(
    runs: Runs,
) -> None:
    retained = retained_by_ghosts(runs["production", "gather_all"].recording)
    assert len(retained) == GHOSTS
    assert 1.4 * MIB <= median(retained) <= 1.6 * MIB
    assert max(retained) < 1.7 * MIB


def test_the_twin_without_a_fault_ends_without_ghosts(runs: Runs) -> None:
    twin = runs["healthy_twin", "gather_all"].recording
    assert (twin.last.gauge, twin.last.tcp, twin.last.ghosts) == (22, 22, 0)
    assert max(sample.ghosts for sample in twin.samples) == 0
    assert twin.audio.lost == 0


def test_uploads_that_hang_only_at_disconnect_leave_less_than_a_tenth_of_3_mib(runs: Runs) -> None:
    retained = retained_by_ghosts(runs["late_hang", "gather_all"].recording)
    assert len(retained) == GHOSTS
    assert max(retained) < 0.3 * MIB


def test_under_supervised_all_audio_received_after_the_sixteenth_blocked_worker_is_lost(
    runs: Runs,
) -> None:
    run = runs["production", "supervised"]
    since = first_all_blocked(run.recording)
    assert {sample.workers_blocked for sample in run.recording.samples[since:]} == {STORAGE_WORKERS}
    assert len({audio.stored for audio in run.audio[since:]}) == 1
    received = run.audio[-1].received - run.audio[since].received
    lost_or_of_the_connected = sum(
        getattr(run.audio[-1], name) - getattr(run.audio[since], name)
        for name in ("lost", "queued")
    )
    assert lost_or_of_the_connected == received > 0
    assert run.audio[-1].queued == sum(session.held_bytes for session in run.recording.sessions)
    assert run.recording.last.gauge == len(run.recording.sessions) == 22
    assert run.recording.audio.lost > 0.6 * run.recording.audio.received


def test_storage_answers_meanwhile_and_stores_all_of_it_for_the_version_to_ship(runs: Runs) -> None:
    run = runs["production", "shipped"]
    since = first_all_blocked(runs["production", "supervised"].recording)
    stored = [audio.stored for audio in run.audio[since:]]
    assert stored == sorted(stored)
    assert stored[-1] - stored[0] > 0.6 * run.audio[-1].received


def test_shipped_loses_nothing_and_blocks_no_worker_in_any_sample(runs: Runs) -> None:
    shipped = runs["production", "shipped"].recording
    assert max(sample.workers_blocked for sample in shipped.samples) == 0
    assert max(sample.lost_bytes for sample in shipped.samples) <= 0
    assert shipped.audio.lost == 0


def test_resident_memory_grows_by_three_times_as_much_under_gather_all_as_under_the_others(
    runs: Runs,
) -> None:
    grown = [runs["production", name].recording.rss_growth for name in COMPARED]
    assert grown[0] >= 3 * max(grown[1:])


def test_no_byte_of_audio_is_unaccounted_for(runs: Runs) -> None:
    for run in runs.values():
        audio = run.recording.audio
        assert audio.received == audio.stored + audio.lost + audio.queued
        assert min(audio.stored, audio.lost, audio.queued) >= 0


def test_all_three_received_the_same_audio(runs: Runs) -> None:
    assert len({runs["production", name].recording.audio.received for name in COMPARED}) == 1
