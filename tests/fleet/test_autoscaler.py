"""Windows, policies and bounds at work together, look by look."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from fleet.autoscaler import SYNC_PERIOD, Autoscaler, Decision, Scaling, decide
from fleet.quantity import CapacityError
from fleet.recommendation import Metered, Reason, first_step_up
from fleet.scaling import Behaviour, Policy, PolicyType, Rules, Select
from fleet.targets import Source, Target
from fleet.values import BEFORE, load_values
from ghosts.evidence import fact

FREE = Rules(window=0, policies=(Policy(type=PolicyType.PODS, value=1000, period=1),))
TARGET = Target(metric="connections", value=30)
WIDE = Scaling(fewest=1, most=2000, targets=(TARGET,))


def follow(
    autoscaler: Autoscaler, replicas: int, totals: Iterable[float], every: float = SYNC_PERIOD
) -> list[Decision]:
    """Look once in so long, at pods that share these connections evenly."""
    decisions = []
    for look, total in enumerate(totals):
        (target,) = autoscaler.scaling.targets
        pods = {target.metric: [Metered(value=total / replicas)] * replicas}
        decisions.append(autoscaler.look(look * every, replicas, pods))
        replicas = decisions[-1].replicas
    return decisions


def replicas_of(decisions: Sequence[Decision]) -> list[int]:
    return [each.replicas for each in decisions]


def windows(up: int, down: int) -> Scaling:
    behaviour = Behaviour(up=replace(FREE, window=up), down=replace(FREE, window=down))
    return replace(WIDE, behaviour=behaviour)


# The default behaviour


def test_by_default_a_rise_is_followed_at_once_and_doubles_in_each_15_seconds() -> None:
    decisions = follow(Autoscaler(WIDE), 10, [300, *[3000] * 5])
    assert replicas_of(decisions) == [10, 20, 40, 80, 100, 100]
    assert [each.held_by for each in decisions] == ["", "policy", "policy", "policy", "", ""]


def test_without_a_window_the_very_first_look_is_acted_on() -> None:
    assert replicas_of(follow(Autoscaler(WIDE), 10, [600])) == [20]
    assert replicas_of(follow(Autoscaler(windows(up=0, down=0)), 20, [300])) == [10]


def test_by_default_a_fall_is_followed_after_five_minutes_and_then_at_once() -> None:
    decisions = follow(Autoscaler(WIDE), 100, [3000, *[300] * 24])
    seen = replicas_of(decisions)
    first = seen.index(10)
    assert abs(first * SYNC_PERIOD - 300) <= SYNC_PERIOD
    assert set(seen[:first]) == {100}
    assert {each.held_by for each in decisions[1:first]} == {"stabilization window"}
    assert set(seen[first:]) == {10}


def test_an_autoscaler_that_has_just_begun_takes_nothing_away_before_its_window_has_passed() -> (
    None
):
    seen = replicas_of(follow(Autoscaler(WIDE), 100, [300] * 24))
    assert set(seen[: 300 // SYNC_PERIOD]) == {100}
    assert seen[-1] == 10


# Windows


@pytest.mark.parametrize("length", [1, 4, 7])
def test_a_spike_shorter_than_the_window_does_nothing(length: int) -> None:
    spike = [*[300] * 20, *[600] * length, *[300] * 20]
    assert set(replicas_of(follow(Autoscaler(windows(up=120, down=0)), 10, spike))) == {10}


def test_a_rise_that_outlasts_the_window_is_followed_to_the_lowest_within_it() -> None:
    rising = [*[300] * 20, *[450] * 5, *[600] * 30]
    seen = replicas_of(follow(Autoscaler(windows(up=120, down=0)), 10, rising))
    assert list(dict.fromkeys(seen)) == [10, 15, 20]
    assert abs((seen.index(15) - 20) * SYNC_PERIOD - 120) <= SYNC_PERIOD
    assert abs((seen.index(20) - 25) * SYNC_PERIOD - 120) <= SYNC_PERIOD


def test_a_fall_is_followed_to_the_highest_of_the_last_five_minutes() -> None:
    falling = [*[600] * 30, *[450] * 5, *[300] * 40]
    seen = replicas_of(follow(Autoscaler(windows(up=0, down=300)), 20, falling))
    assert list(dict.fromkeys(seen)) == [20, 15, 10]
    assert abs((seen.index(15) - 30) * SYNC_PERIOD - 300) <= SYNC_PERIOD
    assert abs((seen.index(10) - 35) * SYNC_PERIOD - 300) <= SYNC_PERIOD


def test_a_dip_shorter_than_the_window_takes_no_pod_away() -> None:
    dip = [*[600] * 30, *[300] * 19, *[600] * 30]
    assert set(replicas_of(follow(Autoscaler(windows(up=0, down=300)), 20, dip))) == {20}


# Policies


def test_from_80_pods_towards_10_the_steps_are_those_of_the_documentation() -> None:
    down = Rules(
        window=0,
        policies=(
            Policy(type=PolicyType.PODS, value=4, period=60),
            Policy(type=PolicyType.PERCENT, value=10, period=60),
        ),
    )
    autoscaler = Autoscaler(replace(WIDE, behaviour=Behaviour(down=down)))
    decisions = follow(autoscaler, 80, [2400, *[300] * 80])
    seen = replicas_of(decisions)
    assert list(dict.fromkeys(seen))[:3] == [80, 72, 64]
    assert seen.count(72) == seen.count(64) == 60 / SYNC_PERIOD
    assert {20, 16, 12, 10} <= set(seen)
    assert decisions[1].held_by == "policy"


def test_a_direction_that_is_disabled_stays_as_it_is_and_the_other_moves() -> None:
    off = Rules(window=0, policies=(), select=Select.DISABLED)
    no_fall = Autoscaler(replace(WIDE, behaviour=Behaviour(up=FREE, down=off)))
    assert replicas_of(follow(no_fall, 10, [300, 30, 30, 600, 30])) == [10, 10, 10, 20, 20]
    no_rise = Autoscaler(replace(WIDE, behaviour=Behaviour(up=off, down=FREE)))
    assert replicas_of(follow(no_rise, 10, [300, 600, 600, 150, 300])) == [10, 10, 10, 5, 5]


def test_tenfold_a_minute_reaches_a_thousand_pods_in_three_minutes() -> None:
    up = Rules(window=0, policies=(Policy(type=PolicyType.PERCENT, value=900, period=60),))
    autoscaler = Autoscaler(replace(WIDE, behaviour=Behaviour(up=up)))
    assert replicas_of(follow(autoscaler, 1, [30, *[30_000] * 4], every=60)) == [
        1, 10, 100, 1000, 1000,
    ]  # fmt: skip


def test_by_the_charts_policies_pods_come_by_a_third_a_minute_and_go_one_in_two() -> None:
    scaling = load_values(*BEFORE).scaling
    up = replicas_of(follow(Autoscaler(scaling), 20, [600, *[3000] * 20]))
    assert list(dict.fromkeys(up)) == [20, 26, 34, 40]
    assert up.count(26) == 60 / SYNC_PERIOD
    down = replicas_of(follow(Autoscaler(scaling), 40, [1200, *[300] * 80]))
    assert list(dict.fromkeys(down))[:4] == [40, 39, 38, 37]
    assert down.count(39) == 120 / SYNC_PERIOD


# Several metrics

CPU = Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)
BOTH = replace(WIDE, targets=(TARGET, CPU))


@pytest.mark.parametrize(
    ("connections", "cpu", "replicas", "metric"),
    [
        (60, 80, 20, "connections"),
        (30, 160, 20, "cpu"),
        (15, 40, 5, "connections"),
        (15, 80, 10, "cpu"),
    ],
    ids=["more of one", "more of the other", "fewer of both", "fewer of one alone"],
)
def test_of_several_metrics_the_one_that_recommends_most_pods_decides(
    connections: float, cpu: float, replicas: int, metric: str
) -> None:
    """The documentation's "Scaling on multiple metrics"."""
    decision = decide(BOTH, 10, {"connections": connections, "cpu": cpu})
    assert (decision.replicas, decision.metric) == (replicas, metric)


def test_a_metric_without_a_figure_stops_a_fall_and_no_rise() -> None:
    """The last but one paragraph of its "Algorithm details"."""
    assert decide(BOTH, 10, {"connections": 60}).replicas == 20
    kept = decide(BOTH, 10, {"connections": 15})
    assert (kept.replicas, kept.recommended.reason) == (10, Reason.UNKNOWN)
    with pytest.raises(CapacityError, match=r"^no figure of any metric that it scales by$"):
        decide(BOTH, 10, {})


def test_a_plain_mean_is_that_of_the_only_metric() -> None:
    assert decide(WIDE, 10, 60) == decide(WIDE, 10, {"connections": 60})
    with pytest.raises(
        CapacityError, match=r"^should be scaled by one metric; got connections, cpu$"
    ):
        decide(BOTH, 10, 60)


def test_an_autoscaler_follows_the_largest_of_its_metrics_through_its_window() -> None:
    autoscaler = Autoscaler(replace(BOTH, behaviour=Behaviour(up=FREE, down=FREE)))
    replicas, seen = 10, []
    for second, (connections, cpu) in enumerate([(30, 80), (60, 80), (30, 160), (3, 8)]):
        readings = {
            "connections": [Metered(value=connections)] * replicas,
            "cpu": [Metered(value=cpu)] * replicas,
        }
        replicas = autoscaler.look(second * SYNC_PERIOD, replicas, readings).replicas
        seen.append(replicas)
    assert seen == [10, 20, 40, 4]


def test_the_tolerance_of_a_direction_goes_before_that_of_the_cluster() -> None:
    """The documentation's "Tolerance"; 0.1 is the cluster's."""
    behaviour = Behaviour(up=replace(FREE, tolerance=0.0), down=replace(FREE, tolerance=0.5))
    scaling = replace(WIDE, behaviour=behaviour)
    assert [decide(scaling, 10, mean).replicas for mean in (31, 20, 14)] == [11, 10, 5]
    assert [decide(WIDE, 10, mean).replicas for mean in (31, 20, 14)] == [10, 7, 5]
    for pods in (10, 24):
        assert decide(scaling, pods, 30.001).replicas == first_step_up(pods, scaling.tolerances.up)


# Bounds


@pytest.mark.parametrize(
    ("total", "replicas", "bound"),
    [(30, 20, "minReplicas"), (3000, 40, "maxReplicas")],
    ids=["below", "above"],
)
def test_no_metric_gets_beyond_the_bounds(total: float, replicas: int, bound: str) -> None:
    scaling = replace(windows(0, 0), fewest=20, most=40)
    last = follow(Autoscaler(scaling), 30, [900, *[total] * 20])[-1]
    assert (last.replicas, last.held_by) == (replicas, bound)
    assert decide(scaling, 30, total / 30).replicas == replicas


def test_pods_outside_the_bounds_are_brought_inside_whatever_the_policies_say() -> None:
    off = Rules(window=0, policies=(), select=Select.DISABLED)
    scaling = Scaling(fewest=20, most=40, targets=(TARGET,), behaviour=Behaviour(up=off, down=off))
    assert replicas_of(follow(Autoscaler(scaling), 10, [300])) == [20]
    assert replicas_of(follow(Autoscaler(scaling), 50, [1500])) == [40]


@pytest.mark.parametrize(("fewest", "most"), [(0, 5), (6, 5), (-1, -1)])
def test_bounds_the_wrong_way_round_are_refused(fewest: int, most: int) -> None:
    with pytest.raises(CapacityError, match=rf"^minReplicas {fewest}, maxReplicas {most}: should"):
        Scaling(fewest=fewest, most=most, targets=(TARGET,))


def test_no_pods_at_least_needs_a_metric_that_is_not_of_pods() -> None:
    """minReplicas, in the reference of autoscaling/v2: an Object or External metric."""
    queue = Target(metric="depth", value=5, source=Source.EXTERNAL)
    assert Scaling(fewest=0, most=5, targets=(queue,)).bounded(0) == 0


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"tolerance": -0.1}, r"^tolerance: -0\.1 is not within 0 and 1$"),
        ({"tolerance": 1}, r"^tolerance: 1 is not within 0 and 1$"),
    ],
    ids=str,
)
def test_a_figure_that_makes_no_sense_is_refused(changes: dict[str, float], complaint: str) -> None:
    with pytest.raises(CapacityError, match=complaint):
        replace(WIDE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("target", [0, -1, 0.0001, math.nan, math.inf])
def test_a_target_that_no_pod_can_have_is_refused(target: float) -> None:
    with pytest.raises(CapacityError, match=rf"^a target of {target:g}: should be 0\.001 or more$"):
        replace(TARGET, value=target)


def test_where_there_is_no_pod_there_is_no_mean_to_decide_by() -> None:
    with pytest.raises(CapacityError, match=r"\b0 pods"):
        decide(WIDE, 0, 30)


# The record


def test_the_gauge_of_the_day_keeps_the_pods_that_ran_for_hours() -> None:
    running = round(fact("running_pods").value)
    total = running * fact("gauge_per_pod").value
    hours = [total] * (4 * 3600 // SYNC_PERIOD)
    decisions = follow(Autoscaler(load_values(*BEFORE).scaling), running, hours)
    assert set(replicas_of(decisions)) == {running}
    assert {each.held_by for each in decisions} == {""}


def test_two_pods_that_pend_in_a_full_pool_go_on_pending() -> None:
    running, pending = (round(fact(f"{each}_pods").value) for each in ("running", "pending"))
    pods = [Metered(value=fact("gauge_per_pod").value)] * running
    pods += [Metered(value=None, ready=False)] * pending
    autoscaler = Autoscaler(load_values(*BEFORE).scaling)
    readings = {autoscaler.scaling.only.metric: pods}
    looks = [autoscaler.look(t, running + pending, readings) for t in range(0, 3600, SYNC_PERIOD)]
    assert set(replicas_of(looks)) == {running + pending}


def test_the_first_rise_from_the_pods_that_ran_is_more_than_the_ticket_saw() -> None:
    running = round(fact("running_pods").value)
    more = running * fact("target_connections_per_pod").value * 1.1 + 1
    seen = replicas_of(follow(Autoscaler(load_values(*BEFORE).scaling), running, [more] * 20))
    assert list(dict.fromkeys(seen)) == [running, first_step_up(running)]
    assert first_step_up(running) > fact("pods_wanted_as_stated").value


def test_without_ghosts_the_pods_go_down_to_the_lower_bound_and_stay() -> None:
    running = round(fact("running_pods").value)
    scaling = load_values(*BEFORE).scaling
    decisions = follow(Autoscaler(scaling), running, [fact("live_connections").value] * 120)
    seen = replicas_of(decisions)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == fact("autoscaler_min_pods").value
    assert decisions[-1].recommended.pods == fact("pods_wanted_without_ghosts").value
    assert decisions[-1].held_by == "minReplicas"


def test_its_repr_says_what_it_holds() -> None:
    autoscaler = Autoscaler(WIDE)
    follow(autoscaler, 10, [300, 600])
    assert repr(autoscaler) == "<Autoscaler 1 to 2000, 3 recommendations, 1 changes>"


def test_what_it_remembers_is_bounded_by_its_windows() -> None:
    autoscaler = Autoscaler(WIDE)
    follow(autoscaler, 10, [300, 600] * 500)
    longest = max(WIDE.behaviour.up.window, WIDE.behaviour.down.window)
    assert len(autoscaler._recommended) <= longest / SYNC_PERIOD + 2
    assert len(autoscaler._changes) <= 2
