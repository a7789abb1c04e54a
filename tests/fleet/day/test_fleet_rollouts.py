"""Rollouts in the day, held to the Kubernetes documentation.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/, sections "Rolling Update
Deployment", "Max Unavailable", "Max Surge" and "Rollover"; and "Termination of Pods" in
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
"""

from dataclasses import replace

import pytest
from small_days import HOUR, QUIET, WEARING, WORN, deployment, scaled, trace

from fleet.day.costs import Costs
from fleet.day.day import Rollout, Stall
from fleet.day.trace import EventKind, Trace
from fleet.rollout import RollingUpdate
from fleet.values import BEFORE, load_pool, load_values
from ghosts.evidence import fact

AT_THREE = (Rollout(hour=3),)
CHART = load_values(*BEFORE).rollout


@pytest.fixture(scope="module")
def rolled(incident: Costs) -> Trace:
    """Four worn pods, replaced at three, with room for all the surge."""
    return trace(incident, replace(WORN, rollouts=AT_THREE), nodes=5)


@pytest.fixture(scope="module")
def full(incident: Costs) -> Trace:
    """The pool of the record, full, with a rollout."""
    running = round(fact("running_pods").value)
    few = replace(QUIET, connections=30, rollouts=AT_THREE)
    values = load_values(*BEFORE)
    always = replace(values.scaling, fewest=running, most=running)
    return trace(incident, few, replace(values, scaling=always), nodes=load_pool().nodes)


def test_a_rollout_replaces_every_pod_and_takes_ghosts_and_blocked_workers_away(
    rolled: Trace,
) -> None:
    replaced = [each for each in rolled.events if each.kind is EventKind.REPLACED]
    assert {each.pod for each in replaced} == {0, 1, 2, 3}
    assert min(each.ghosts for each in replaced) > 0
    assert rolled.at(3).ghosts > 300
    first = next(each for each in rolled.samples if each.t > replaced[-1].t)
    assert {each.number for each in first.pods} == {4, 5, 6, 7}
    assert first.ghosts < 10
    assert all(each.uptime <= first.t - 3 * HOUR for each in first.pods)


def test_a_rollout_loses_the_audio_of_the_ghosts(rolled: Trace) -> None:
    sample = rolled.at(3)
    baseline = fact("memory_baseline").value
    held = sum(pod.mib - baseline for pod in sample.pods)
    assert rolled.at(3.2).lost_mib - sample.lost_mib == pytest.approx(held, rel=0.1)


def test_devices_of_a_replaced_pod_reconnect_to_ready_pods(rolled: Trace, incident: Costs) -> None:
    without = trace(incident, WORN, nodes=5)
    until = [sample for sample in without.samples if sample.t < 4 * HOUR]
    assert [each.live for each in rolled.samples[: len(until)]] == [each.live for each in until]


@pytest.mark.parametrize(
    ("surge", "unavailable", "most"),
    [(2, 1, 6), (0, 1, 4), (1, 0, 5), ("50%", "50%", 6), (4, 4, 4)],
    ids=str,
)
def test_a_rollout_keeps_to_max_surge_and_max_unavailable(
    incident: Costs, surge: int | str, unavailable: int | str, most: int
) -> None:
    update = RollingUpdate(max_surge=surge, max_unavailable=unavailable)
    # A start takes longer than a sample, so that samples see pods that are not ready.
    slow = replace(QUIET, rollouts=AT_THREE, start_seconds=150)
    day = trace(incident, slow, deployment(rollout=update), nodes=6)
    during = [each for each in day.samples if 3 * HOUR < each.t < 4 * HOUR]
    ready = [sum(pod.uptime >= 150 for pod in sample.pods) for sample in during]
    assert max(each.running + each.pending for each in during) == most <= update.most(4)
    assert min(ready) == 4 - update.unavailable(4)
    assert {each.number for each in day.at(4).pods} == {4, 5, 6, 7}


def test_in_a_full_pool_a_rollout_has_the_pods_of_the_ticket_and_the_autoscaler_no_part(
    full: Trace,
) -> None:
    running, pending = round(fact("running_pods").value), round(fact("pending_pods").value)
    during = [each for each in full.samples if 3 * HOUR < each.t < full.rollouts[0][1]]
    # The phase of a pod that is told to end is still Running.
    phases = {(each.running + each.terminating, each.pending) for each in during}
    assert (running, pending) in phases
    assert {each.desired for each in full.samples} == {running}
    assert max(each.running + each.pending for each in full.samples) <= CHART.most(running)


def test_in_a_full_pool_a_new_pod_starts_once_an_old_one_has_taken_its_grace_period(
    full: Trace,
) -> None:
    ended = [each.t for each in full.events if each.kind is EventKind.REPLACED]
    assert ended[1] == ended[0] + deployment().grace + QUIET.start_seconds
    assert len(ended) == round(fact("running_pods").value)


def test_without_room_and_with_nothing_unavailable_a_rollout_cannot_move(incident: Costs) -> None:
    stuck = RollingUpdate(max_surge=1, max_unavailable=0)
    day = trace(incident, replace(QUIET, rollouts=AT_THREE), deployment(rollout=stuck), nodes=2)
    assert day.count(EventKind.REPLACED) == 0
    assert day.at(2.9).pending == 0
    assert day.at(24).pending == 1
    assert {each.number for each in day.at(24).pods} == {0, 1, 2, 3}


def test_pods_that_ghosts_added_and_that_are_pending_block_a_rollout(incident: Costs) -> None:
    deployed = scaled(replace(load_values(*BEFORE).scaling.only, value=18.0), most=12)
    day = trace(incident, replace(WORN, rollouts=(Rollout(hour=4),)), deployed, nodes=2)
    sample = day.at(4)
    assert sample.pending > CHART.unavailable(sample.desired)
    assert day.count(EventKind.REPLACED) == 0
    assert {pod.number for pod in day.at(5).pods} == {0, 1, 2, 3}
    assert day.at(4.3).ghosts > sample.ghosts


def test_a_second_rollout_replaces_pods_of_both_revisions(incident: Costs) -> None:
    twice = (Rollout(hour=3), Rollout(hour=3 + 15 / HOUR), Rollout(hour=9))
    day = trace(incident, replace(QUIET, rollouts=twice), nodes=5)
    assert len(day.rollouts) == 2
    assert day.at(24).running == 4
    assert all(pod.uptime < 15 * HOUR for pod in day.at(24).pods)


def test_a_stall_after_a_rollout_stops_a_pod_of_the_new_revision(incident: Costs) -> None:
    stalled = replace(WEARING, rollouts=AT_THREE, stalls=(Stall(pod=2, hour=5, seconds=60),))
    day = trace(incident, stalled, nodes=5)
    (killed,) = (each for each in day.events if each.kind is EventKind.KILLED)
    assert killed.pod == day.at(5).pods[2].number >= 4


def test_the_seconds_of_a_rollout_are_those_of_its_first_and_last_pod(rolled: Trace) -> None:
    ((first, last),) = rolled.rollouts
    assert first == 3 * HOUR
    assert first < last < first + 600
