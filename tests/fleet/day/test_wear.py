"""Pods wear out: uploads that never return block workers, and blocked workers make ghosts."""

import math
from dataclasses import replace

import pytest
from small_days import HOUR, QUIET, WEARING, WORN, trace

from fleet.day.costs import Costs
from fleet.day.trace import EventKind, Trace
from ghosts.config import STORAGE_WORKERS
from ghosts.evidence import fact

UPLOADS_AN_HOUR = 60 * QUIET.connections
CYCLE = sum(QUIET.stay) / 2
"""Seconds between two departures of one connection after the other."""


@pytest.fixture(scope="module")
def wearing(incident: Costs) -> Trace:
    return trace(incident, WEARING)


@pytest.fixture(scope="module")
def worn(incident: Costs) -> Trace:
    return trace(incident, WORN)


def test_where_every_upload_returns_nothing_happens(incident: Costs) -> None:
    quiet = trace(incident, QUIET)
    assert quiet.events == quiet.rollouts == ()
    assert quiet.most_ghosts == quiet.most_pending == 0
    assert quiet.when(1) is None
    assert all(sample.lost_mib == 0 for sample in quiet.samples)
    assert all(sample.mean_gauge == sample.mean_live for sample in quiet.samples)


def test_as_many_workers_are_blocked_as_the_share_of_uploads_says(incident: Costs) -> None:
    for share in (0.0005, 0.002):
        blocked = sum(
            pod.blocked for pod in trace(incident, replace(QUIET, share=share)).at(4).pods
        )
        # A connection of 17 minutes makes 17 uploads, unless one of them does not return.
        stays = CYCLE / 60
        expected = 4 * UPLOADS_AN_HOUR * share * math.floor(stays) / stays
        assert abs(blocked - expected) < 4 * math.sqrt(expected), share


def test_a_pod_has_a_ghost_for_each_worker_at_most_until_all_are_blocked(wearing: Trace) -> None:
    early = [
        pod for sample in wearing.samples for pod in sample.pods if pod.blocked < STORAGE_WORKERS
    ]
    assert max(pod.ghosts for pod in early) > 5
    assert all(pod.ghosts <= pod.blocked for pod in early)


def test_blocked_workers_never_exceed_those_of_a_pod(wearing: Trace) -> None:
    most = max(pod.blocked for sample in wearing.samples for pod in sample.pods)
    assert most == STORAGE_WORKERS


def test_the_sixteenth_blocked_worker_is_an_event_of_its_pod(wearing: Trace) -> None:
    first = next(event for event in wearing.events if event.kind is EventKind.EXHAUSTED)
    for sample in wearing.samples:
        (pod,) = (each for each in sample.pods if each.number == first.pod)
        assert (pod.blocked == STORAGE_WORKERS) == (sample.t >= first.t)
        if sample.t > first.t + HOUR:
            break


def test_after_the_sixteenth_every_storing_connection_becomes_a_ghost(worn: Trace) -> None:
    ghosts = worn.at(4).ghosts - worn.at(1).ghosts
    expected = QUIET.connections / CYCLE * 3 * HOUR
    assert abs(ghosts - expected) < 4 * math.sqrt(expected)


def test_pods_of_the_same_age_are_at_different_stages(wearing: Trace) -> None:
    worn_out = [e.t for e in wearing.events if e.kind is EventKind.EXHAUSTED][:4]
    assert len(worn_out) == 4
    assert worn_out[-1] - worn_out[0] > HOUR / 2
    between = wearing.at((worn_out[0] / HOUR + worn_out[-1] / HOUR) / 2)
    assert min(pod.blocked for pod in between.pods) < STORAGE_WORKERS
    assert max(pod.blocked for pod in between.pods) == STORAGE_WORKERS


def test_only_connections_that_store_block_workers_or_become_ghosts(incident: Costs) -> None:
    none = trace(incident, replace(WORN, storing=0))
    assert none.most_ghosts == 0
    assert none.count(EventKind.EXHAUSTED) == 0
    third = trace(incident, replace(WORN, storing=0.3))
    ghosts = third.at(8).ghosts - third.at(1).ghosts
    expected = 0.3 * QUIET.connections / CYCLE * 7 * HOUR
    assert abs(ghosts - expected) < 4 * math.sqrt(expected)


def test_the_balancer_gives_a_pod_full_of_ghosts_as_many_connections_as_any(
    wearing: Trace,
) -> None:
    first = next(event for event in wearing.events if event.kind is EventKind.EXHAUSTED)
    later = [each for each in wearing.samples if first.t < each.t < first.t + HOUR]
    live = [pod.live for sample in later for pod in sample.pods if pod.number == first.pod]
    assert sum(live) / len(live) == pytest.approx(QUIET.connections / 4, rel=0.25)


def test_after_the_fix_workers_are_blocked_and_no_ghost_is_made(fixed: Costs) -> None:
    day = trace(fixed, WEARING)
    assert day.most_ghosts == 0
    assert day.count(EventKind.EXHAUSTED) == 4
    lost = [day.at(hour).lost_mib for hour in (1, 8, 12, 16, 20, 24)]
    assert lost == sorted(set(lost))
    left = max(pod.mib for pod in day.at(24).pods)
    assert left > day.at(12).pods[0].mib > fact("memory_baseline").value + 50


def test_with_deadlines_no_worker_is_blocked_and_no_audio_is_lost(shipped: Costs) -> None:
    day = trace(shipped, WEARING)
    assert day.events == ()
    assert all(pod.blocked == 0 for sample in day.samples for pod in sample.pods)
    assert day.samples[-1].lost_mib == 0


def test_a_pod_is_killed_for_memory_at_its_limit_and_not_before(worn: Trace) -> None:
    killed = [each for each in worn.events if each.kind is EventKind.OUT_OF_MEMORY]
    assert killed[0].ghosts == pytest.approx(fact("ghosts_to_limit").value, rel=0.15)
    limit = fact("limit_memory").value
    assert 0.97 * limit < worn.largest_mib <= limit
    after = next(each for each in worn.samples if each.t > killed[0].t)
    (restarted,) = (pod for pod in after.pods if pod.number == killed[0].pod)
    assert restarted.ghosts == 0
    assert all(sample.running == 4 for sample in worn.samples)
