"""A day of the fleet: who is where, what ghosts do to the autoscaler, room, memory, probes."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_days import HOUR, QUIET, WEARING, WORN, deployment, plan, scaled, trace

from fleet.day import simulate
from fleet.day.costs import Costs
from fleet.day.day import Stall, load_day
from fleet.day.simulate import Plan
from fleet.day.trace import RESTARTS, EventKind, PodSample, Sample, Trace
from fleet.probes import Probe
from fleet.quantity import MIB
from fleet.recommendation import first_step_up
from fleet.values import BEFORE, FIRST_CUT, SECOND_CUT, load_pool, load_values
from ghosts.config import STORAGE_WORKERS
from ghosts.evidence import fact

FEWEST = round(fact("autoscaler_min_pods").value)


def whole_day(name: str, costs: Costs) -> Trace:
    day = load_day(name)
    return simulate(Plan(day=day, deployment=load_values(*BEFORE), pool=load_pool(), costs=costs))


@pytest.fixture(scope="module")
def undisturbed(incident: Costs) -> Trace:
    return whole_day("undisturbed", incident)


@pytest.fixture(scope="module")
def restarted(incident: Costs) -> Trace:
    return whole_day("restarted", incident)


@pytest.fixture(scope="module")
def after_fix(fixed: Costs) -> Trace:
    return whole_day("undisturbed", fixed)


@pytest.fixture(scope="module")
def stalled(incident: Costs) -> Trace:
    return with_stall(incident, 60)


def with_stall(costs: Costs, seconds: float, *, hour: float = 3, **changes: Any) -> Trace:
    """Four worn pods, the event loop of one of which stops."""
    stalled = replace(WORN, stalls=(Stall(pod=1, hour=hour, seconds=seconds),))
    return trace(costs, stalled, deployment(**changes))


def pod(sample: Sample, number: int) -> PodSample:
    (found,) = (each for each in sample.pods if each.number == number)
    return found


# The trace


def test_the_same_plan_gives_the_same_trace_and_another_seed_another(incident: Costs) -> None:
    once = plan(incident, replace(WEARING, connections=10))
    first = simulate(once)
    assert first == simulate(once)
    assert first != simulate(replace(once, day=replace(once.day, seed=2)))


def test_a_trace_has_a_sample_for_each_minute_of_the_day(undisturbed: Trace) -> None:
    assert [sample.t for sample in undisturbed.samples] == list(range(60, 24 * HOUR, 60))
    assert undisturbed.at(0) == undisturbed.samples[0]
    assert undisturbed.at(2.5).t == 2.5 * HOUR
    assert undisturbed.at(24) == undisturbed.samples[-1]


def test_devices_are_conserved_whatever_happens_to_the_pods(
    undisturbed: Trace, restarted: Trace, after_fix: Trace
) -> None:
    day = load_day("undisturbed")
    live = [sample.live for sample in undisturbed.samples]
    assert live == [sample.live for sample in restarted.samples]
    assert live == [sample.live for sample in after_fix.samples]
    for sample in undisturbed.samples:
        expected = day.live(sample.t)
        assert abs(sample.live - expected) < 5 * math.sqrt(expected)
    assert sum(live) == pytest.approx(
        sum(day.live(each.t) for each in undisturbed.samples), rel=0.03
    )


def test_a_night_without_a_device_passes_and_the_morning_comes(incident: Costs) -> None:
    day = trace(incident, replace(QUIET, quietest=0, busiest_hour=12))
    assert max(sample.live for sample in day.samples[:60]) < 10
    assert day.at(12).live > 40
    assert day.at(18).live > 10


def test_every_running_pod_is_sampled_with_its_uptime(undisturbed: Trace) -> None:
    for hour in (1, 8, 16, 20):
        sample = undisturbed.at(hour)
        assert len(sample.pods) == sample.running
        since_midnight = [each for each in sample.pods if each.uptime == sample.t]
        assert [each.number for each in since_midnight] == list(range(FEWEST))
        assert all(0 <= each.uptime < sample.t for each in sample.pods[FEWEST:])
    assert len(undisturbed.at(20).pods) > FEWEST


# Ghosts and the autoscaler


def test_ghosts_add_what_the_record_says_to_the_mean_of_the_pods() -> None:
    running = round(fact("running_pods").value)
    one = PodSample(number=0, uptime=0, live=0, ghosts=0, blocked=0, mib=0)
    bad = replace(
        one, live=round(fact("live_connections").value), ghosts=round(fact("fleet_ghosts").value)
    )
    sample = Sample(
        t=0,
        desired=running,
        pending=0,
        terminating=0,
        pods=(bad, *[one] * (running - 1)),
        lost_mib=0,
    )
    assert sample.mean_gauge == pytest.approx(fact("gauge_per_pod").value, abs=0.05)
    added = sample.mean_gauge - sample.mean_live
    assert added == pytest.approx(fact("fleet_ghosts").value / running, abs=0.05)
    assert replace(sample, pods=()).mean_gauge == 0


def test_ghosts_alone_make_the_autoscaler_add_pods(undisturbed: Trace, after_fix: Trace) -> None:
    assert after_fix.most_ghosts == 0
    assert after_fix.most_desired == FEWEST
    risen = next(each for each in undisturbed.samples if each.desired > FEWEST)
    assert risen.desired >= first_step_up(FEWEST)
    target = fact("target_connections_per_pod").value
    assert risen.live / FEWEST < target * 1.1
    assert undisturbed.most_desired == fact("autoscaler_max_pods").value


def test_pods_that_ghosts_added_take_no_ghost_away(undisturbed: Trace) -> None:
    ghosts = [sample.ghosts for sample in undisturbed.samples]
    assert ghosts == sorted(ghosts)


def test_the_pods_that_ghosts_added_are_removed_once_the_ghosts_are_gone(incident: Costs) -> None:
    deployed = scaled(replace(load_values(*BEFORE).scaling.only, value=18.0), most=8)
    stalls = tuple(Stall(pod=number, hour=6, seconds=60) for number in range(4))
    day = trace(incident, replace(WEARING, stalls=stalls), deployed, nodes=4)
    assert day.at(6).desired > 4
    removed = [each for each in day.events if each.kind is EventKind.SCALED_DOWN]
    assert removed
    assert min(each.pod for each in removed) >= 4
    assert min(each.desired for each in day.samples if each.t > 6 * HOUR) < day.at(6).desired


def test_the_mean_passes_the_records_ghosts_with_the_records_shift(undisturbed: Trace) -> None:
    sample = undisturbed.when(round(fact("fleet_ghosts").value))
    assert sample is not None
    shift = fact("fleet_ghosts").value / sample.running
    assert sample.mean_gauge - sample.mean_live == pytest.approx(shift, abs=0.1)


# Probe restarts


def test_a_stall_that_is_long_enough_restarts_the_pod_without_ghosts_or_blocked_workers(
    stalled: Trace,
) -> None:
    day = stalled
    killed, *others = (event for event in day.events if event.kind is EventKind.KILLED)
    assert others == []
    assert (killed.t, killed.pod) == (3 * HOUR + 45, 1)
    assert killed.ghosts >= pod(day.at(3), 1).ghosts > 0
    grace = deployment().grace
    after = next(each for each in day.samples if each.t > killed.t)
    assert (pod(after, 1).ghosts, pod(after, 1).blocked) == (0, 0)
    assert pod(day.at(4), 1).uptime == 4 * HOUR - killed.t - grace
    assert pod(day.at(4), 0).uptime == 4 * HOUR
    assert pod(day.at(4), 0).ghosts > pod(day.at(3), 0).ghosts


def test_a_restarted_pod_wears_out_once_more(stalled: Trace) -> None:
    day = stalled
    exhausted = [each for each in day.events if each.kind is EventKind.EXHAUSTED and each.pod == 1]
    assert len(exhausted) >= 2
    assert pod(day.at(4), 1).blocked == STORAGE_WORKERS


def test_a_stall_that_is_too_short_for_the_probe_leaves_the_ghosts_to_grow(
    incident: Costs,
) -> None:
    for seconds, unready in ((40, 1), (20, 0)):
        day = with_stall(incident, seconds)
        assert (day.count(EventKind.UNREADY), day.count(EventKind.KILLED)) == (unready, 0)
        assert pod(day.at(4), 1).ghosts > pod(day.at(3), 1).ghosts > 0


def test_a_pod_that_is_not_ready_keeps_its_connections_and_gets_no_new_one(
    incident: Costs,
) -> None:
    day = with_stall(incident, HOUR, hour=2, liveness=Probe(failure_threshold=1000))
    assert day.count(EventKind.KILLED) == 0
    longest = max(QUIET.stay) / HOUR
    assert pod(day.at(2.1), 1).live > 0
    assert pod(day.at(2.1 + longest), 1).live == 0
    assert pod(day.at(2.1 + longest), 1).ghosts > pod(day.at(2), 1).ghosts
    assert pod(day.at(4), 1).live > 0
    assert all(sample.running == 4 for sample in day.samples)


def test_a_pod_that_is_killed_takes_the_audio_of_its_ghosts_with_it(stalled: Trace) -> None:
    assert stalled.at(3).lost_mib == 0
    held = pod(stalled.at(3), 1).mib - fact("memory_baseline").value
    assert stalled.at(3.1).lost_mib == pytest.approx(held, rel=0.05)
    assert stalled.at(3.3).lost_mib == stalled.at(3.1).lost_mib


# Memory


@pytest.mark.parametrize("files", [FIRST_CUT, SECOND_CUT], ids=["first cut", "second cut"])
def test_of_four_worn_pods_on_one_node_that_was_cut_for_four_some_are_evicted(
    incident: Costs, files: tuple[Path, ...]
) -> None:
    day = trace(incident, WORN, deployment(files), nodes=1)
    evicted = [each for each in day.events if each.kind is EventKind.EVICTED]
    assert evicted
    assert evicted[0].ghosts < fact("ghosts_to_limit").value * 0.75
    usable = fact("node_memory_usable").value
    until = next(each for each in reversed(day.samples) if each.t < evicted[0].t)
    assert until.largest is not None
    assert usable / 4 < until.largest.mib < usable / 2
    assert day.most_pending == 0
    assert all(sample.running == 4 for sample in day.samples)


def test_no_pod_is_evicted_where_requests_are_limits(incident: Costs) -> None:
    day = trace(incident, WORN, deployment(BEFORE), nodes=2)
    assert day.count(EventKind.EVICTED) == 0
    assert day.count(*RESTARTS) == day.count(EventKind.OUT_OF_MEMORY) >= 4


def test_a_pod_above_its_request_is_not_evicted_as_long_as_its_node_has_room(
    incident: Costs,
) -> None:
    day = trace(incident, WORN, deployment(FIRST_CUT), nodes=4)
    assert day.largest_mib * MIB > load_values(*FIRST_CUT).resources.requests.memory
    assert day.count(EventKind.EVICTED) == 0
    assert day.count(EventKind.OUT_OF_MEMORY) >= 4


def test_a_pod_that_is_evicted_while_its_event_loop_stops_is_not_killed_for_its_probe(
    incident: Costs,
) -> None:
    crowded = deployment(FIRST_CUT)
    evicted = next(
        each
        for each in trace(incident, WORN, crowded, nodes=1).events
        if each.kind is EventKind.EVICTED
    )
    stall = Stall(pod=evicted.pod, hour=(evicted.t - 30) / HOUR, seconds=60)
    day = trace(incident, replace(WORN, stalls=(stall,)), crowded, nodes=1)
    assert (evicted.t, EventKind.EVICTED, evicted.pod) in {(e.t, e.kind, e.pod) for e in day.events}
    assert day.count(EventKind.KILLED) == 0


# Room


@pytest.mark.parametrize(("files", "pending"), [(BEFORE, 2), (SECOND_CUT, 0)], ids=str)
def test_pods_that_no_node_has_room_for_are_pending_as_in_the_ticket(
    incident: Costs, files: tuple[Path, ...], pending: int
) -> None:
    desired = round(fact("pods_wanted_as_stated").value)
    few = replace(QUIET, connections=5)
    day = trace(incident, few, deployment(files, pods=desired), nodes=load_pool().nodes)
    assert {sample.pending for sample in day.samples} == {pending}
    assert {sample.running for sample in day.samples} == {desired - pending}
    assert day.samples[0].desired == day.most_desired == desired


# The two days on file


def test_a_rollout_and_restarts_hide_the_ghosts_of_the_same_day(
    undisturbed: Trace, restarted: Trace
) -> None:
    assert restarted.count(EventKind.KILLED) == len(load_day("restarted").stalls)
    assert undisturbed.count(*RESTARTS, EventKind.REPLACED) == 0
    assert restarted.at(20).ghosts < undisturbed.at(20).ghosts / 3
    old = [each.ghosts for each in undisturbed.at(20).pods if each.uptime == 20 * HOUR]
    young = [each.ghosts for each in restarted.at(20).pods]
    assert max(each.uptime for each in restarted.at(20).pods) < 10 * HOUR
    assert sum(old) / len(old) > 3 * sum(young) / len(young)
