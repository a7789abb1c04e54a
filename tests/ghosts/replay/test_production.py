"""The pod of 2026-05-13, replayed: what the record says must appear, and only where it should."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from ghosts.evidence import pods
from ghosts.paths import DATA
from ghosts.replay import Recording, load_scenario, replay
from ghosts.settings import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, STORAGE_WORKERS

MIB = 2**20
RUNS = [
    ("production", "gather_all"),
    ("production", "supervised"),
    ("healthy_twin", "gather_all"),
    ("late_hang", "gather_all"),
]


def _replay(scenario: str, lifecycle: str) -> Recording:
    measure_memory = scenario != "healthy_twin"  # nobody asks for its memory
    return replay(load_scenario(scenario), lifecycle, measure_memory=measure_memory)


@pytest.fixture(scope="module")
def recordings() -> dict[tuple[str, str], Recording]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return dict(zip(RUNS, pool.map(_replay, *zip(*RUNS, strict=True)), strict=True))


@pytest.fixture(scope="module")
def incident(recordings: dict[tuple[str, str], Recording]) -> Recording:
    return recordings["production", "gather_all"]


@pytest.fixture(scope="module")
def fixed(recordings: dict[tuple[str, str], Recording]) -> Recording:
    return recordings["production", "supervised"]


def test_gather_all_ends_with_the_gauge_the_connections_and_the_ghosts_on_record(
    incident: Recording,
) -> None:
    (pod,) = (pod for pod in pods() if pod.pod == "mhjxw")
    last = incident.last
    assert (last.gauge, last.tcp, last.ghosts) == (pod.gauge, pod.tcp, pod.ghosts)


def test_ghosts_never_go_away_by_themselves(incident: Recording) -> None:
    ghosts = [sample.ghosts for sample in incident.samples]
    assert ghosts == sorted(ghosts)


def test_every_ghost_retains_a_tenth_of_14_to_16_mib_at_a_tenth(incident: Recording) -> None:
    retained = [session.retained_bytes for session in incident.sessions if session.ghost]
    assert len(retained) == 194
    assert all(1.4 * MIB <= each <= 1.6 * MIB for each in retained)


def test_under_gather_all_no_audio_is_lost_while_it_leaks(incident: Recording) -> None:
    assert incident.audio.lost == 0
    assert incident.audio.queued > 0


def test_the_pool_is_exhausted_some_16_minutes_before_the_devices_leave(
    incident: Recording,
) -> None:
    exhausted = next(
        sample.t for sample in incident.samples if sample.workers_busy == STORAGE_WORKERS
    )
    left = [event.t for event in incident.events if event.kind == "device_left"]
    assert all(14 * 60 <= t - exhausted <= 18 * 60 for t in left)


def test_the_twin_without_a_fault_ends_without_ghosts(
    recordings: dict[tuple[str, str], Recording],
) -> None:
    twin = recordings["healthy_twin", "gather_all"]
    assert (twin.last.gauge, twin.last.tcp, twin.last.ghosts) == (22, 22, 0)
    assert twin.audio.lost == 0


def test_uploads_that_hang_only_at_disconnect_leave_less_than_a_tenth_of_3_mib(
    recordings: dict[tuple[str, str], Recording],
) -> None:
    late = recordings["late_hang", "gather_all"]
    retained = [session.retained_bytes for session in late.sessions if session.ghost]
    assert len(retained) == 194
    assert max(retained) < 0.3 * MIB


def test_supervised_ends_with_the_gauge_equal_to_the_connections_and_no_ghost(
    fixed: Recording,
) -> None:
    assert (fixed.last.gauge, fixed.last.tcp, fixed.last.ghosts, fixed.last.orphans) == (
        22,
        22,
        0,
        0,
    )
    assert max(sample.ghosts for sample in fixed.samples) == 0


def test_supervised_ends_every_session_within_45_s_of_its_disconnect(fixed: Recording) -> None:
    left, closed = fixed.times("device_left"), fixed.times("session_closed")
    assert len(left) == 194
    assert closed.keys() == left.keys()
    assert max(closed[uid] - left[uid] for uid in left) <= BG_DRAIN_TIMEOUT + 3 * CANCEL_ACK_TIMEOUT


def test_supervised_counts_the_audio_it_drops_and_keeps_the_workers_held(fixed: Recording) -> None:
    assert fixed.audio.lost > 280_000_000
    assert fixed.last.workers_busy == STORAGE_WORKERS
    assert fixed.last.abandoned_bytes > 0


def test_no_byte_of_audio_is_unaccounted_for(
    recordings: dict[tuple[str, str], Recording],
) -> None:
    for recording in recordings.values():
        audio = recording.audio
        assert audio.received == audio.stored + audio.lost + audio.queued
        assert min(audio.stored, audio.lost, audio.queued) >= 0


def test_before_and_after_received_the_same_audio(incident: Recording, fixed: Recording) -> None:
    assert incident.audio.received == fixed.audio.received


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised"])
def test_the_recordings_at_full_scale_show_the_same_minute_by_minute(
    recordings: dict[tuple[str, str], Recording], lifecycle: str
) -> None:
    full = Recording.load(DATA / "recordings" / f"production_full_{lifecycle}.json")
    tenth = recordings["production", lifecycle]
    assert full.scale == 1
    assert [(s.t, s.gauge, s.tcp, s.ghosts, s.orphans, s.tasks) for s in full.samples] == [
        (s.t, s.gauge, s.tcp, s.ghosts, s.orphans, s.tasks) for s in tenth.samples
    ]
    assert full.audio.received == pytest.approx(10 * tenth.audio.received, rel=0.01)
    assert full.audio.lost == pytest.approx(10 * tenth.audio.lost, rel=0.01)


def test_every_ghost_retains_14_to_16_mib_at_full_scale() -> None:
    full = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
    retained = [session.retained_bytes for session in full.sessions if session.ghost]
    assert len(retained) == 194
    assert all(14 * MIB <= each <= 16 * MIB for each in retained)
