"""One pod over three hours: what the public record says of it, and what it does not.

The recordings are those of `data/recordings`, at full scale. Notebook `00_start_here` replays two
of them at a tenth, which must have the same counts in every sample; `tests/slow` does the same for
all of them.
"""

from collections.abc import Callable
from functools import cache
from statistics import fmean, median
from typing import Final

import pytest
from production import (
    DEVICES,
    GHOSTS,
    LEAVING,
    MIB,
    first_all_blocked,
    retained_by_ghosts,
    stored_recording,
)

from ghosts.config import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, STORAGE_WORKERS
from ghosts.evidence import fact, pods
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario
from ghosts.variants import COMPARED

recorded: Final[Callable[[str], Recording]] = cache(stored_recording)


@pytest.fixture
def incident() -> Recording:
    return recorded("gather_all")


@pytest.fixture
def fixed() -> Recording:
    return recorded("supervised")


@pytest.fixture
def shipped() -> Recording:
    return recorded("shipped")


# --- the incident ---------------------------------------------------------------------------------


def test_gather_all_ends_with_the_gauge_the_connections_and_the_ghosts_of_the_public_record(
    incident: Recording,
) -> None:
    (pod,) = (pod for pod in pods() if pod.pod == "mhjxw")
    last = incident.last
    assert (last.gauge, last.tcp, last.ghosts) == (pod.gauge, pod.tcp, pod.ghosts)


@pytest.mark.parametrize("variant", COMPARED)
def test_as_many_devices_are_connected_at_a_time_as_to_a_pod_of_the_public_record(
    variant: str,
) -> None:
    tcp = [sample.tcp for sample in recorded(variant).samples]
    assert abs(fmean(tcp) - fact("live_connections_per_pod").value) < 2
    assert max(tcp) <= 45


def test_the_first_ghost_is_there_within_a_quarter_of_an_hour(incident: Recording) -> None:
    assert next(sample.t for sample in incident.samples if sample.ghosts) <= 15 * 60


def test_the_sixteenth_worker_is_blocked_after_45_to_75_minutes(incident: Recording) -> None:
    assert 45 * 60 <= incident.samples[first_all_blocked(incident)].t <= 75 * 60


def test_ghosts_never_go_away_by_themselves(incident: Recording) -> None:
    ghosts = [sample.ghosts for sample in incident.samples]
    assert ghosts == sorted(ghosts)


def test_the_median_ghost_retains_14_to_16_mib_at_full_scale_and_none_much_more(
    incident: Recording,
) -> None:
    retained = retained_by_ghosts(incident)
    assert len(retained) == GHOSTS
    assert 14 * MIB <= median(retained) <= 16 * MIB
    assert max(retained) < 17 * MIB


def test_under_gather_all_no_audio_is_lost_while_it_leaks(incident: Recording) -> None:
    assert incident.audio.lost == 0
    assert incident.audio.queued > 0


def test_the_twin_without_a_fault_has_the_same_devices_at_the_same_times() -> None:
    twin, production = load_scenario("healthy_twin"), load_scenario("production")
    assert list(twin.plans()) == list(production.plans())
    assert len(list(twin.plans())) == DEVICES


# --- the published fix ----------------------------------------------------------------------------


def test_supervised_ends_with_the_gauge_equal_to_the_connections_and_never_has_a_ghost(
    fixed: Recording,
) -> None:
    last = fixed.last
    assert (last.gauge, last.tcp, last.orphans) == (22, 22, 0)
    assert max(sample.ghosts for sample in fixed.samples) == 0


def test_supervised_ends_every_session_within_45_s_of_its_disconnect(fixed: Recording) -> None:
    left, closed = fixed.times("device_left"), fixed.times("session_closed")
    assert len(left) == LEAVING
    assert closed.keys() == left.keys()
    bound = BG_DRAIN_TIMEOUT + 3 * CANCEL_ACK_TIMEOUT
    assert bound == 45
    assert max(closed[uid] - left[uid] for uid in left) <= bound


def test_under_supervised_most_audio_is_lost_once_every_worker_is_blocked(
    fixed: Recording,
) -> None:
    since = first_all_blocked(fixed)
    assert {sample.workers_blocked for sample in fixed.samples[since:]} == {STORAGE_WORKERS}
    assert fixed.samples[since].lost_bytes < 0.1 * fixed.audio.lost
    assert fixed.audio.lost > 0.6 * fixed.audio.received
    assert fixed.last.gauge == len(fixed.sessions) == 22


# --- the version to ship --------------------------------------------------------------------------


def test_shipped_has_no_ghost_loses_nothing_and_blocks_no_worker(shipped: Recording) -> None:
    last = shipped.last
    assert (last.gauge, last.tcp, last.orphans) == (22, 22, 0)
    assert max(sample.ghosts for sample in shipped.samples) == 0
    assert max(sample.workers_blocked for sample in shipped.samples) == 0
    assert max(sample.lost_bytes for sample in shipped.samples) <= 0
    assert shipped.audio.lost == 0


# --- all three ------------------------------------------------------------------------------------


def test_resident_memory_grows_by_three_times_as_much_under_gather_all_as_under_the_others(
    incident: Recording, fixed: Recording, shipped: Recording
) -> None:
    assert incident.rss_growth >= 3 * max(fixed.rss_growth, shipped.rss_growth)


@pytest.mark.parametrize("variant", COMPARED)
def test_no_session_is_leaked_after_its_end(variant: str) -> None:
    samples = recorded(variant).samples
    assert {(sample.leaked_sessions, sample.leaked_bytes) for sample in samples} == {(0, 0)}


@pytest.mark.parametrize("variant", COMPARED)
def test_no_byte_of_audio_is_unaccounted_for(variant: str) -> None:
    audio = recorded(variant).audio
    assert audio.received == audio.stored + audio.lost + audio.queued
    assert min(audio.stored, audio.lost, audio.queued) >= 0


def test_all_three_received_the_same_audio() -> None:
    assert len({recorded(name).audio.received for name in COMPARED}) == 1
