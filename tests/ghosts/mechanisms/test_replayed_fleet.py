"""A replayed fleet: each pod by its own seed, the same on any executor, and as it is stored."""

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from made_up_runs import pod

from ghosts.evidence import EvidenceError, deploy_check, fact, pods
from ghosts.mechanisms import (
    STORED_FLEETS,
    PodPlan,
    PodRun,
    age_of_few,
    candidate,
    plan_fleet,
    read_fleet,
    replay_candidates,
    replay_fleet,
    replay_pod,
    state_at,
    stored_fleets,
    when_first_is_full,
    when_largest_has,
    write_fleet,
)
from ghosts.mechanisms.fleet import (
    CONNECTIONS_MEAN,
    CONNECTIONS_ON_RECORD,
    CONNECTIONS_RANGE,
    PODS,
    shortened,
)
from ghosts.processes import ProcessDiedError
from ghosts.records.scenario import ScenarioError, load_scenario

FIVE = "b_interruption_120", "d_hangs_at_departure"
A, C = "a_storage_stops", "c_some_uploads_hang"
MINUTES = 2


def test_the_plan_of_a_fleet_rests_on_the_record() -> None:
    april = sorted((one.tcp for one in pods() if one.memory_mib is not None), reverse=True)
    assert list(CONNECTIONS_ON_RECORD) == april
    assert fact("live_connections_per_pod").value == CONNECTIONS_MEAN
    assert fact("running_pods").value == PODS
    checks = [deploy_check("connections per pod", hours) for hours in (0.25, 1)]
    low, high = min(one.low for one in checks), max(one.high for one in checks)
    assert (low, high) == CONNECTIONS_RANGE


def test_a_pod_is_planned_by_the_seed_and_its_number_alone() -> None:
    fleet = plan_fleet(24, seed=7)
    assert plan_fleet(9, seed=7) == fleet[:9]
    assert plan_fleet(24, seed=8) != fleet
    assert len({plan.seed for plan in fleet}) == 24
    assert tuple(plan.connections for plan in fleet[:5]) == CONNECTIONS_ON_RECORD


def test_connections_are_drawn_around_the_mean_within_the_range() -> None:
    drawn = [plan.connections for plan in plan_fleet(2000)[5:]]
    assert (min(drawn), max(drawn)) == (CONNECTIONS_RANGE[0] + 3, CONNECTIONS_RANGE[1])
    assert sum(drawn) / len(drawn) == pytest.approx(CONNECTIONS_MEAN, abs=1.5)


def test_a_pod_has_its_share_of_devices() -> None:
    scenario = load_scenario(C)
    assert PodPlan(0, scenario.seed, 22).of(scenario) == scenario
    counts = [group.count for group in PodPlan(4, 1, 7).of(scenario).devices]
    assert counts == [7, 72, 7]


def test_a_shortened_scenario_has_the_same_rate_of_arrivals_and_only_what_begins_in_it() -> None:
    scenario = shortened(load_scenario("a_storage_stops"), 660)
    assert [(group.name, group.count) for group in scenario.devices] == [
        ("first", 22),
        ("coming", 13),
    ]
    assert scenario.faults == ()
    assert len(shortened(load_scenario("d_hangs_at_departure"), 660).faults) == 1


@pytest.mark.parametrize("count", [0, -1])
def test_a_fleet_without_pods_is_one_clear_line(count: int) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ScenarioError, match=f"^a fleet has at least 1 pod; got {count}$"),
    ):
        replay_fleet(pool, candidate(C), pods=count)


def test_an_unknown_candidate_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=f"no candidate 'nobody'; there are: .*{C}"):
        candidate("nobody")


def test_an_executor_that_loses_a_process_is_one_clear_line() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        for replays in (
            lambda: replay_fleet(pool, candidate(C), pods=2, minutes=1),
            lambda: replay_candidates(pool),
        ):
            with pytest.raises(ProcessDiedError, match=r"^a process died .*; .*\?$"):
                replays()


def test_an_executor_gives_the_pods_in_order_and_passes_each_on_as_it_comes() -> None:
    came: list[PodRun] = []
    with ThreadPoolExecutor(1) as executor:
        fleet = replay_fleet(executor, candidate(C), pods=2, minutes=MINUTES, on_pod=came.append)
    assert fleet == tuple(replay_pod(C, plan, MINUTES) for plan in plan_fleet(2))
    assert sorted(came, key=lambda run: run.pod) == list(fleet)


@pytest.mark.parametrize("name", STORED_FLEETS)
def test_a_stored_fleet_is_of_the_planned_pods_and_agrees_with_its_samples(name: str) -> None:
    fleet = read_fleet(STORED_FLEETS[name])
    assert [PodPlan(run.pod, run.seed, run.connections) for run in fleet] == list(
        plan_fleet(len(fleet))
    )
    assert len(fleet) == (5 if name in FIVE else PODS)
    for run in fleet:
        last = run.samples[-1]
        assert [one.minute for one in run.samples] == list(range(10, 191, 10))
        assert (run.ghosts, run.gauge, run.blocked_workers, run.held_bytes) == (
            last.ghosts,
            last.gauge,
            last.blocked_workers,
            last.held_bytes,
        )
        assert last.gauge == last.ghosts + last.tcp


@pytest.mark.slow
def test_a_pod_of_a_stored_fleet_is_what_a_replay_of_it_gives() -> None:
    assert replay_pod(A, plan_fleet()[4]) == read_fleet(STORED_FLEETS[A])[4]


def test_a_fleet_is_read_as_it_was_written(tmp_path) -> None:
    fleet = (pod(0, 22, [3, 17, 40]), pod(1, 7, [0, 0, 2]))
    write_fleet(fleet, tmp_path / "fleet.csv")
    assert read_fleet(tmp_path / "fleet.csv") == fleet


def test_a_candidate_without_a_stored_fleet_is_one_clear_line() -> None:
    with pytest.raises(EvidenceError, match="no stored fleet of 'nobody'; there are: a_storage"):
        stored_fleets("nobody")


def test_a_fleet_that_is_not_there_or_not_one_is_one_clear_line(tmp_path) -> None:
    path = tmp_path / "fleet.csv"
    with pytest.raises(EvidenceError, match=r"fleet_samples\.csv is not there"):
        read_fleet(path)
    write_fleet((pod(0, 22, [3]),), path)
    path.write_text(path.read_text().replace("22", "many"))
    with pytest.raises(EvidenceError, match=r"^fleet\.csv:2: connections: .*; got 'many'$"):
        read_fleet(path)


FLEET = (pod(0, 22, [3, 17, 40]), pod(1, 20, [1, 9, 30]), pod(2, 7, [0, 2, 4]))


def test_a_state_of_a_fleet_is_its_largest_pod_and_the_others() -> None:
    state = state_at(FLEET, 25)
    assert (state.minute, state.largest, state.others, state.full_pods) == (20, 17, 11, 1)
    assert state.others_blocked_workers == 5.5
    assert state.others_mib_per_pod == pytest.approx(5.5 * 960_000 / 2**20)
    assert when_largest_has(FLEET, 18) == state_at(FLEET, 30)
    assert when_largest_has(FLEET, 41) is None
    assert when_first_is_full(FLEET) == state
    assert age_of_few(FLEET, 11) == 20
    assert age_of_few(FLEET, 0) == 0
