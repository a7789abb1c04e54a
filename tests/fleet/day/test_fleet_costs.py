"""What a connection costs, read off a recording; the stored ones agree with the public record."""

from dataclasses import replace

import pytest
from hand_made_recording import EXHAUSTED, recording, with_fault
from small_days import INCIDENT

from fleet.day.costs import Costs
from fleet.quantity import MIB, CapacityError
from ghosts.config import PRIVATE_CLOUD_QUEUE_MAX, STORAGE_WORKERS
from ghosts.evidence import fact
from ghosts.paths import DATA
from ghosts.records.fault import FaultMode
from ghosts.records.recording import Recording

# Read off a recording made by hand


def test_a_healthy_connection_is_measured_before_the_first_blocked_worker() -> None:
    # 8 and 10 MiB of 20 connections; neither the ramp before nor the stuck audio after.
    assert Costs.measured(recording(ghosts=10)).healthy == pytest.approx(0.45)


@pytest.mark.parametrize("ghosts", [0, 5, 10])
def test_ghosts_count_among_the_departures_after_the_last_worker_was_blocked(ghosts: int) -> None:
    assert Costs.measured(recording(ghosts=ghosts)).ghosts_per_departure == ghosts / 10


def test_what_departures_leave_behind_counts_from_the_last_blocked_worker_on() -> None:
    measured = Costs.measured(recording(ghosts=0, left_behind_mib=0.9))
    assert measured.left_behind == pytest.approx(0.9)


def test_a_stuck_connection_gains_the_audio_of_a_minute_and_ends_at_the_largest_session() -> None:
    measured = Costs.measured(recording(ghosts=10))
    a_minute = fact("sample_rate").value * fact("bytes_per_sample").value * 60 / MIB
    assert measured.stuck_per_minute == a_minute
    assert measured.stuck_most == 14


def test_the_share_is_that_of_the_scenarios_fault() -> None:
    assert Costs.measured(recording(ghosts=10)).share == 0.012


def test_without_a_blocked_worker_all_departures_count_and_workers_are_not_blocked() -> None:
    measured = Costs.measured(recording(ghosts=0, most_blocked=0))
    assert not measured.blocks_workers
    assert Costs.measured(recording(ghosts=0)).blocks_workers


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        (replace(recording(ghosts=1), scale=0.1), "should be a full replay"),
        (with_fault(recording(ghosts=1), share=1.0), "a share above 0 and below 1"),
        (with_fault(recording(ghosts=1), mode=FaultMode.SLOW), "should be a full replay"),
        (with_fault(recording(ghosts=1), start=120.0), "should be a full replay"),
        (with_fault(recording(ghosts=1), end=9000.0), "should be a full replay"),
        (recording(ghosts=1, most_blocked=9), "too short: should end with all 16 .* got 9"),
        (replace(recording(ghosts=1), events=()), "too short: no departure"),
        (
            replace(recording(ghosts=1), samples=recording(ghosts=1).samples[3:]),
            "no sample before the first blocked worker",
        ),
    ],
    ids=["at a tenth", "all", "slow", "later", "ends", "too few blocked", "nobody leaves", "late"],
)
def test_a_recording_of_another_kind_is_refused_by_its_scenario(
    spoilt: Recording, complaint: str
) -> None:
    with pytest.raises(CapacityError, match=rf"^production: .*{complaint}"):
        Costs.measured(spoilt)


def test_a_queue_grows_by_the_minute_until_it_is_full() -> None:
    assert INCIDENT.stuck(0) == 0
    assert INCIDENT.stuck(600) == pytest.approx(10 * INCIDENT.stuck_per_minute)
    full = INCIDENT.stuck(3600)
    assert full == INCIDENT.stuck(24 * 3600) == INCIDENT.stuck_most - INCIDENT.healthy


# Read off the recordings in data: three hours of one pod


def stored(variant: str) -> Recording:
    return Recording.load(DATA / "recordings" / f"production_full_{variant}.json")


@pytest.fixture(scope="module", params=["gather_all", "supervised", "shipped"])
def costs(request: pytest.FixtureRequest) -> Costs:
    return Costs.measured(stored(request.param))


@pytest.mark.parametrize(
    ("variant", "ghosts", "blocks_workers"),
    [("gather_all", 1, True), ("supervised", 0, True), ("shipped", 0, False)],
)
def test_departures_make_ghosts_before_the_fix_and_workers_are_blocked_until_deadlines(
    variant: str, ghosts: int, blocks_workers: bool
) -> None:
    measured = Costs.measured(stored(variant))
    assert (measured.ghosts_per_departure, measured.blocks_workers) == (ghosts, blocks_workers)


def test_a_departure_leaves_no_more_than_the_chunk_of_a_call_that_hangs(costs: Costs) -> None:
    assert 0 <= costs.left_behind <= costs.stuck_per_minute


@pytest.mark.parametrize("variant", ["gather_all", "supervised"])
def test_the_workers_of_the_stored_replays_are_blocked_after_about_an_hour(variant: str) -> None:
    samples = stored(variant).samples
    first = next(each.t for each in samples if each.workers_blocked >= STORAGE_WORKERS)
    assert first == pytest.approx(EXHAUSTED, rel=0.5)


def test_a_healthy_pod_has_the_memory_of_the_others_on_record(costs: Costs) -> None:
    pod = costs.pod + fact("live_connections_per_pod").value * costs.healthy
    assert pod == pytest.approx(fact("other_pods_memory_mean").value, abs=3)


def test_a_ghost_whose_device_stayed_a_quarter_of_an_hour_has_the_memory_on_record() -> None:
    incident = Costs.measured(stored("gather_all"))
    ghost = incident.healthy + incident.stuck(16 * 60)
    assert ghost == pytest.approx(fact("memory_per_ghost").value, rel=0.05)
    assert incident.stuck_most <= (PRIVATE_CLOUD_QUEUE_MAX + 2) * incident.stuck_per_minute


def test_the_costs_that_other_tests_use_are_those_of_the_stored_replay() -> None:
    measured = Costs.measured(stored("gather_all"))
    assert measured.healthy == pytest.approx(INCIDENT.healthy, abs=0.1)
    assert measured.stuck_per_minute == pytest.approx(INCIDENT.stuck_per_minute, rel=0.01)
    assert measured.ghosts_per_departure == INCIDENT.ghosts_per_departure
