"""A day of the fleet: where ghosts are, what they do to the figures, and what takes them away."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_days import QUIET, day, deployment, plan

from ghosts.capacity import (
    BEFORE,
    FIRST_CUT,
    MIB,
    SECOND_CUT,
    Probe,
    first_step_up,
    load_pool,
    load_values,
)
from ghosts.capacity.fleet import (
    Costs,
    Day,
    Diary,
    EventKind,
    Exhausted,
    Look,
    Plan,
    Stall,
    load_day,
    simulate,
)
from ghosts.evidence import fact

HOUR = 3600
BAD = load_day("bad_pod")
BREAKS = BAD.exhausted[0].hour
KILLED = BAD.stalls[0].hour


def bad_day(costs: Costs) -> Diary:
    return simulate(Plan(day=BAD, deployment=load_values(*BEFORE), pool=load_pool(), costs=costs))


@pytest.fixture(scope="module")
def before_fix(incident: Costs) -> Diary:
    """The day of the bad pod, as the record has it."""
    return bad_day(incident)


@pytest.fixture(scope="module")
def after_fix(fixed: Costs) -> Diary:
    return bad_day(fixed)


@pytest.fixture(scope="module")
def left_alone(incident: Costs) -> Diary:
    """Four pods, the storage threads of one of them held from one o'clock, and nobody acts."""
    return simulate(plan(incident, day([1])))


def between(diary: Diary, first: float, last: float) -> list[Look]:
    return [look for look in diary.looks if first * HOUR < look.t < last * HOUR]


def with_stall(costs: Costs, seconds: float, *, hour: float = 3, **changes: Any) -> Diary:
    stalled = day([1], stalls=(Stall(pod=1, hour=hour, seconds=seconds),))
    return simulate(plan(costs, stalled, deployment(**changes)))


def expected_departures(of: Day, pods: int, first: float, last: float) -> float:
    """Of devices that store, from one pod of so many, where each gets its share."""
    seconds = range(round(first * HOUR), round(last * HOUR), 60)
    return sum(60 * of.arrivals(second) for second in seconds) * of.storing / pods


# The day


def test_the_same_plan_gives_the_same_diary_and_another_seed_another(incident: Costs) -> None:
    once = plan(incident, day([1], connections=10))
    assert simulate(once) == simulate(once)
    assert simulate(once) != simulate(replace(once, day=replace(once.day, seed=2)))


def test_a_diary_has_a_look_for_each_minute_of_the_day(left_alone: Diary) -> None:
    assert [look.t for look in left_alone.looks] == list(range(60, 24 * HOUR, 60))
    assert left_alone.at(0) == left_alone.looks[0]
    assert left_alone.at(2.5).t == 2.5 * HOUR
    assert left_alone.at(24) == left_alone.looks[-1]


def test_devices_are_conserved_whatever_happens_to_the_pods(
    before_fix: Diary, after_fix: Diary
) -> None:
    for diary in (before_fix, after_fix):
        for look in diary.looks:
            expected = BAD.live(look.t)
            assert abs(look.live - expected) < 5 * math.sqrt(expected)
        live = sum(look.live for look in diary.looks)
        assert live == pytest.approx(sum(BAD.live(look.t) for look in diary.looks), rel=0.03)


def test_a_night_without_a_device_passes_and_the_morning_comes(incident: Costs) -> None:
    diary = simulate(plan(incident, day(quietest=0, busiest_hour=12)))
    assert max(look.live for look in diary.looks[:60]) < 10
    assert diary.at(12).live > 40
    assert diary.at(18).live > 10


def test_where_nothing_breaks_nothing_happens(incident: Costs) -> None:
    diary = simulate(plan(incident, QUIET))
    assert diary.events == ()
    assert diary.most_ghosts == diary.most_pending == 0
    assert diary.when(1) is None
    assert all(look.lost_mib == 0 for look in diary.looks)
    assert all(look.mean_gauge == look.mean_live for look in diary.looks)


def test_what_breaks_is_written_down_when_and_where_it_was_told_to(before_fix: Diary) -> None:
    first = before_fix.events[0]
    (broken,) = BAD.exhausted
    assert (first.kind, first.t, first.pod) == (EventKind.EXHAUSTED, broken.hour * HOUR, broken.pod)


# Ghosts


def test_ghosts_are_in_the_broken_pod_and_in_no_other(before_fix: Diary) -> None:
    assert before_fix.most_ghosts > 0
    assert all(look.ghosts == look.largest_ghosts for look in before_fix.looks)
    assert all(look.ghosts == 0 for look in between(before_fix, 0, BREAKS))


def test_after_the_fix_there_is_no_ghost_in_the_same_day(after_fix: Diary) -> None:
    assert after_fix.most_ghosts == 0
    assert after_fix.most_asked == fact("autoscaler_min_pods").value
    assert after_fix.largest_mib < fact("proposed_request_memory_first").value


def test_by_the_afternoon_there_are_as_many_ghosts_as_the_record_has(before_fix: Diary) -> None:
    ghosts = before_fix.at(KILLED).ghosts
    assert ghosts == pytest.approx(fact("fleet_ghosts").value, rel=0.15)
    look = before_fix.when(round(fact("fleet_ghosts").value))
    assert look is not None
    assert look.largest_mib == pytest.approx(fact("largest_pod_p99").value, rel=0.1)


def test_ghosts_add_what_the_record_says_to_the_mean_of_the_pods() -> None:
    running = round(fact("running_pods").value)
    look = Look(
        t=0,
        asked=running,
        running=running,
        pending=0,
        live=round(fact("live_connections").value),
        ghosts=round(fact("fleet_ghosts").value),
        largest_ghosts=0,
        largest_mib=0,
        lost_mib=0,
    )
    assert look.mean_gauge == pytest.approx(fact("gauge_per_pod").value, abs=0.05)
    added = look.mean_gauge - look.mean_live
    assert added == pytest.approx(fact("fleet_ghosts").value / running, abs=0.05)
    assert replace(look, running=0).mean_gauge == 0


def test_ghosts_alone_have_the_autoscaler_ask_for_more_pods(before_fix: Diary) -> None:
    fewest = round(fact("autoscaler_min_pods").value)
    assert {look.asked for look in between(before_fix, 0, BREAKS)} == {fewest}
    assert before_fix.most_asked >= first_step_up(fewest)
    ready = [look for look in before_fix.looks if look.running == look.asked]
    risen = next(look for look in ready if look.asked > fewest)
    target = fact("target_connections_per_pod").value
    assert risen.live / fewest < target * 1.1
    assert risen.gauge / fewest > target * 1.1


def test_more_pods_take_no_ghost_away_and_have_none(before_fix: Diary) -> None:
    until = between(before_fix, BREAKS, KILLED)
    ghosts = [look.ghosts for look in until]
    assert ghosts == sorted(ghosts)
    more = [look for look in until if look.running > until[0].running]
    assert more
    assert all(look.largest_ghosts == look.ghosts > 0 for look in more)


def test_the_pods_that_ghosts_asked_for_go_once_they_are_gone(before_fix: Diary) -> None:
    assert before_fix.at(KILLED).asked > before_fix.at(24).asked
    assert before_fix.at(24).asked == fact("autoscaler_min_pods").value


def test_the_balancer_gives_a_pod_full_of_ghosts_as_many_connections_as_any(
    left_alone: Diary,
) -> None:
    expected = expected_departures(QUIET, 4, 1, 4.5)
    assert left_alone.at(1).ghosts == 0
    assert abs(left_alone.at(4.5).ghosts - expected) < 4 * math.sqrt(expected)


def test_only_connections_that_store_become_ghosts(incident: Costs) -> None:
    none = simulate(plan(incident, day([1], storing=0, connections=20)))
    assert none.most_ghosts == 0
    third = simulate(plan(incident, day([1], storing=0.3)))
    expected = expected_departures(replace(QUIET, storing=0.3), 4, 1, 9)
    assert abs(third.at(9).ghosts - expected) < 4 * math.sqrt(expected)


# What takes them away


def test_a_stall_that_is_long_enough_restarts_the_pod_without_its_ghosts(
    incident: Costs,
) -> None:
    diary = with_stall(incident, 60)
    kinds = [event.kind for event in diary.events]
    assert kinds == [EventKind.EXHAUSTED, EventKind.UNREADY, EventKind.KILLED]
    (killed,) = (event for event in diary.events if event.kind is EventKind.KILLED)
    assert killed.t == 3 * HOUR + 45
    assert killed.ghosts >= diary.at(3).ghosts > 0
    assert all(look.ghosts == 0 for look in diary.looks if look.t > killed.t)


def test_a_stall_that_is_too_short_for_the_probe_leaves_the_ghosts_to_grow(
    incident: Costs, left_alone: Diary
) -> None:
    short, shortest = with_stall(incident, 40), with_stall(incident, 20)
    assert short.count(EventKind.UNREADY) == 1
    assert short.count(EventKind.KILLED) == shortest.count(EventKind.UNREADY) == 0
    for diary in (short, shortest):
        assert diary.at(3.1).ghosts >= diary.at(3).ghosts > 0
        assert diary.at(4).ghosts > diary.at(3.1).ghosts
    assert shortest.looks == left_alone.looks


def test_a_pod_that_is_not_ready_keeps_its_connections_and_gets_no_new_one(
    incident: Costs,
) -> None:
    diary = with_stall(incident, HOUR, hour=2, liveness=Probe(failure_threshold=1000))
    assert diary.count(EventKind.KILLED) == 0
    longest = max(QUIET.stay) / HOUR
    assert diary.at(2 + longest).ghosts > diary.at(2).ghosts
    assert len({look.ghosts for look in between(diary, 2.05 + longest, 3)}) == 1
    assert diary.at(4).ghosts > diary.at(3).ghosts
    assert all(look.running == 4 for look in diary.looks)
    assert diary.at(2.9).live > 0.5 * QUIET.connections


def test_a_bad_pod_that_is_killed_takes_its_audio_with_it(before_fix: Diary) -> None:
    assert all(look.lost_mib == 0 for look in between(before_fix, 0, KILLED))
    lost = before_fix.at(KILLED + 0.1).lost_mib
    had = before_fix.at(KILLED).ghosts * fact("memory_per_ghost").value
    assert lost == pytest.approx(had, rel=0.2)
    assert before_fix.looks[-1].lost_mib == lost


def test_after_the_fix_the_audio_is_lost_bit_by_bit_as_devices_leave(after_fix: Diary) -> None:
    lost = [after_fix.at(hour).lost_mib for hour in (BREAKS, 6, 8, 10, 12, 14)]
    assert lost[0] == 0
    assert lost == sorted(set(lost))
    at_the_kill = after_fix.at(KILLED + 0.1).lost_mib - after_fix.at(KILLED).lost_mib
    assert at_the_kill < 0.1 * lost[-1]
    assert after_fix.looks[-1].lost_mib == after_fix.at(KILLED + 0.1).lost_mib


# Memory


def test_a_pod_is_killed_for_memory_at_its_limit_and_not_before(left_alone: Diary) -> None:
    killed = [each for each in left_alone.events if each.kind is EventKind.OUT_OF_MEMORY]
    (only,) = killed
    assert only.ghosts == pytest.approx(fact("ghosts_to_limit").value, rel=0.15)
    limit = fact("limit_memory").value
    assert 0.97 * limit < left_alone.largest_mib <= limit
    after = [look for look in left_alone.looks if look.t >= only.t]
    assert after
    assert all(look.ghosts == 0 for look in after)
    assert all(look.running == 4 for look in left_alone.looks)


@pytest.mark.parametrize("files", [FIRST_CUT, SECOND_CUT], ids=["first cut", "second cut"])
def test_of_four_bad_pods_on_one_node_that_was_cut_for_four_some_are_evicted(
    incident: Costs, files: tuple[Path, ...]
) -> None:
    diary = simulate(plan(incident, day(range(4)), deployment(files), nodes=1))
    evicted = [each for each in diary.events if each.kind is EventKind.EVICTED]
    assert evicted
    assert evicted[0].ghosts < fact("ghosts_to_limit").value * 0.75
    usable = fact("node_memory_usable").value
    until = [look for look in diary.looks if look.t < evicted[0].t]
    assert usable / 4 < until[-1].largest_mib < usable / 2
    assert diary.most_pending == 0
    assert {each.pod for each in evicted} < set(range(4))
    assert all(look.running == 4 for look in diary.looks)


def test_no_pod_is_evicted_where_requests_are_limits(incident: Costs) -> None:
    diary = simulate(plan(incident, day(range(4)), deployment(BEFORE), nodes=2))
    assert diary.count(EventKind.EVICTED) == 0
    assert diary.count(EventKind.OUT_OF_MEMORY) == 4


def test_one_bad_pod_on_a_node_that_was_cut_is_not_evicted_for_the_node_has_room(
    incident: Costs,
) -> None:
    diary = simulate(plan(incident, day([1]), deployment(FIRST_CUT), nodes=1))
    assert diary.largest_mib * MIB > load_values(*FIRST_CUT).resources.requests.memory
    assert diary.count(EventKind.EVICTED) == 0
    assert diary.count(EventKind.OUT_OF_MEMORY) == 1


# Room


def test_pods_that_no_node_has_room_for_wait_as_in_the_ticket(incident: Costs) -> None:
    asked = round(fact("pods_wanted_as_stated").value)
    few = replace(QUIET, connections=5)
    of = plan(incident, few, deployment(pods=asked), nodes=load_pool().nodes)
    diary = simulate(of)
    assert {look.running for look in diary.looks} == {fact("pods_capacity").value}
    assert {look.pending for look in diary.looks} == {fact("pending_pods").value}
    assert diary.looks[0].asked == diary.most_asked == asked


def test_the_cut_makes_room_for_the_pods_of_the_ticket(incident: Costs) -> None:
    asked = round(fact("pods_wanted_as_stated").value)
    few = replace(QUIET, connections=5)
    of = plan(incident, few, deployment(SECOND_CUT, pods=asked), nodes=load_pool().nodes)
    diary = simulate(of)
    assert diary.most_pending == 0
    assert {look.running for look in diary.looks} == {asked}


def test_what_befalls_two_pods_is_written_down_of_both(incident: Costs) -> None:
    both = replace(
        QUIET,
        exhausted=(Exhausted(pod=0, hour=1), Exhausted(pod=3, hour=2)),
        stalls=(Stall(pod=3, hour=4, seconds=60),),
    )
    diary = simulate(plan(incident, both))
    assert [each.pod for each in diary.events if each.kind is EventKind.EXHAUSTED] == [0, 3]
    look = diary.at(3.9)
    assert look.ghosts > look.largest_ghosts > look.ghosts / 2
    assert 0 < diary.at(4.1).ghosts == diary.at(4.1).largest_ghosts
