"""What the metric asks for: the worked examples of Kubernetes' documentation, and the record."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fleet.autoscaler import decide
from fleet.quantity import CapacityError
from fleet.recommendation import Metered, Reason, Tolerance, first_step_up, recommend
from fleet.values import BEFORE, load_values
from ghosts.evidence import fact

NOT_READY = Metered(value=None, ready=False)
NO_FIGURE = Metered(value=None)
MEAN = fact("gauge_per_pod").value
TARGET = fact("target_connections_per_pod").value
RUNNING = round(fact("running_pods").value)


def all_at(value: float, pods: int) -> list[Metered]:
    return [Metered(value=value)] * pods


# The documentation


@pytest.mark.parametrize(
    ("value", "replicas", "wanted"),
    [(200, 3, 6), (50, 4, 2), (50, 3, 2), (150, 3, 5), (0, 3, 0)],
    ids=["twice", "half", "half, rounded up", "half as much again, rounded up", "none"],
)
def test_pods_follow_the_ratio_of_the_mean_to_its_target_rounded_up(
    value: float, replicas: int, wanted: int
) -> None:
    got = recommend(replicas, all_at(value, replicas), 100)
    assert (got.pods, got.ratio, got.reason) == (wanted, value / 100, Reason.RATIO)


@pytest.mark.parametrize("value", [90, 90.001, 95, 100, 105, 109.999, 110])
def test_a_ratio_within_a_tenth_or_just_at_it_changes_nothing(value: float) -> None:
    got = recommend(10, all_at(value, 10), 100)
    assert (got.pods, got.reason) == (10, Reason.WITHIN_TOLERANCE)


@pytest.mark.parametrize(("value", "wanted"), [(110.001, 12), (89.999, 9), (88, 9)])
def test_a_thousandth_beyond_the_tolerance_is_acted_on(value: float, wanted: int) -> None:
    got = recommend(10, all_at(value, 10), 100)
    assert (got.pods, got.reason) == (wanted, Reason.RATIO)


def test_it_is_the_mean_that_counts_however_uneven_the_pods_are() -> None:
    uneven = [Metered(value=194), *all_at(30, 9)]
    assert recommend(10, uneven, TARGET).pods == recommend(10, all_at(46.4, 10), TARGET).pods == 16


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(105, 10), (105.001, 11), (94.999, 10), (80, 10), (79.999, 8)],
    ids=str,
)
def test_each_direction_has_a_tolerance_of_its_own(value: float, wanted: int) -> None:
    """The example of the documentation's section "Tolerance": 5 % for more pods."""
    got = recommend(10, all_at(value, 10), 100, Tolerance(up=0.05, down=0.2))
    assert got.pods == wanted


def test_without_a_tolerance_every_difference_is_acted_on() -> None:
    """As in "Kubernetes v1.33: HorizontalPodAutoscaler Configurable Tolerance", on its blog."""
    none = Tolerance(up=0, down=0)
    assert [recommend(10, all_at(value, 10), 100, none).pods for value in (99, 100, 101)] == [
        10, 10, 11,
    ]  # fmt: skip
    assert recommend(50, all_at(90, 50), 75, none).pods == 60


def test_the_mean_of_a_utilization_is_cut_to_a_whole_number_of_per_cent() -> None:
    """As the controller does: kubernetes, pkg/controller/podautoscaler/metrics/utilization.go."""
    cut = recommend(10, all_at(88.9, 10), 80, whole=True)
    assert (cut.pods, cut.ratio, cut.reason) == (10, 1.1, Reason.WITHIN_TOLERANCE)
    assert recommend(10, all_at(88.9, 10), 80).pods == 12
    assert recommend(10, all_at(89, 10), 80, whole=True).pods == 12


@pytest.mark.parametrize("replicas", [1, 10, 24, 100])
@pytest.mark.parametrize("target", [50, 75, 80])
def test_the_first_step_up_of_a_utilization_is_that_of_the_least_per_cent_that_counts(
    replicas: int, target: int
) -> None:
    wanted = [
        recommend(replicas, all_at(percent, replicas), target, whole=True).pods
        for percent in range(target, 2 * target)
    ]
    above = [pods for pods in wanted if pods > replicas]
    assert first_step_up(replicas, utilization=target) == above[0]


# Pods that are not ready, or have no figure


def test_pods_not_ready_count_as_idle_where_the_others_ask_for_more() -> None:
    assert recommend(4, [*all_at(200, 3), NOT_READY], 100).pods == 6
    assert recommend(4, all_at(200, 4), 100).pods == 8


def test_pods_not_ready_stop_a_rise_that_they_could_undo() -> None:
    got = recommend(4, [*all_at(140, 3), NOT_READY], 100)
    assert (got.pods, got.reason) == (4, Reason.CAUTIOUS)


def test_pods_not_ready_are_left_out_where_the_others_ask_for_fewer() -> None:
    got = recommend(4, [*all_at(50, 3), NOT_READY], 100)
    assert (got.pods, got.ratio, got.reason) == (2, 0.5, Reason.RATIO)


def test_a_figure_of_a_pod_that_is_not_ready_is_not_read() -> None:
    hot = Metered(value=1000, ready=False)
    assert recommend(4, [*all_at(100, 3), hot], 100).reason is Reason.WITHIN_TOLERANCE


def test_a_missing_figure_counts_as_the_target_where_the_others_ask_for_fewer() -> None:
    assert recommend(4, [*all_at(50, 3), NO_FIGURE], 100).pods == 3
    assert recommend(4, all_at(50, 4), 100).pods == 2


def test_a_missing_figure_counts_as_nothing_where_the_others_ask_for_more() -> None:
    assert recommend(4, [*all_at(200, 3), NO_FIGURE], 100).pods == 6


def test_missing_figures_stop_a_change_but_never_turn_it_round() -> None:
    rise = recommend(4, [*all_at(150, 2), NO_FIGURE, NO_FIGURE], 100)
    fall = recommend(10, [*all_at(50, 1), *[NO_FIGURE] * 9], 100)
    assert (rise.pods, rise.reason) == (4, Reason.CAUTIOUS)
    assert (fall.pods, fall.reason) == (10, Reason.CAUTIOUS)


def test_fewer_pods_than_are_asked_for_do_not_turn_a_rise_into_a_fall() -> None:
    got = recommend(10, [*all_at(200, 3), NOT_READY], 100)
    assert (got.pods, got.reason) == (10, Reason.CAUTIOUS)


@pytest.mark.parametrize(
    "pods", [[], [NOT_READY] * 3, [NO_FIGURE] * 3, [NOT_READY, NO_FIGURE]], ids=len
)
def test_without_a_single_figure_nothing_changes(pods: list[Metered]) -> None:
    got = recommend(3, pods, 100)
    assert (got.pods, got.reason) == (3, Reason.CAUTIOUS)


@pytest.mark.parametrize("target", [0, -30])
def test_a_target_that_no_pod_can_have_is_refused(target: float) -> None:
    with pytest.raises(CapacityError, match=rf"^a target of {target}: should be 0\.001 or more$"):
        recommend(3, all_at(1, 3), target)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_a_metric_that_no_pod_can_have_is_refused(value: float) -> None:
    with pytest.raises(CapacityError, match=rf"^a metric of {value:g}: should be 0 or more$"):
        recommend(3, [Metered(value=1), Metered(value=value)], 30)


@given(
    replicas=st.integers(1, 12),
    read=st.lists(st.builds(Metered, value=st.integers(0, 200)), min_size=1, max_size=8),
    missing=st.integers(0, 4),
    unready=st.integers(0, 4),
)
@settings(max_examples=200, derandomize=True, deadline=None)
def test_caution_never_turns_a_change_round_nor_makes_it_larger(
    replicas: int, read: list[Metered], missing: int, unready: int
) -> None:
    assume(missing or unready)
    got = recommend(replicas, [*read, *[NO_FIGURE] * missing, *[NOT_READY] * unready], 100)
    all_there = recommend(replicas, read, 100)
    assert got.ratio == all_there.ratio
    if got.reason is not Reason.RATIO:
        assert got.pods == replicas
    elif got.ratio > 1:
        assert replicas < got.pods <= all_there.pods
    else:
        assert missing or got.pods == all_there.pods
        assert all_there.pods <= got.pods <= max(replicas, all_there.pods)


# The record


def test_the_gauge_of_the_day_asks_for_the_pods_that_ran() -> None:
    got = recommend(RUNNING, all_at(MEAN, RUNNING), TARGET)
    assert got.pods == fact("pods_wanted").value == RUNNING
    assert got.reason is Reason.WITHIN_TOLERANCE
    assert math.ceil(MEAN * RUNNING / TARGET) == RUNNING


def test_from_the_pods_that_ran_no_gauge_asks_for_the_pods_of_the_ticket() -> None:
    wanted = {
        recommend(RUNNING, [Metered(value=hundredths / 100)] * RUNNING, TARGET).pods
        for hundredths in range(6000)
    }
    ticket = round(fact("pods_wanted_as_stated").value)
    step = first_step_up(RUNNING)
    assert step > ticket
    assert wanted.isdisjoint(range(RUNNING + 1, step))
    assert {RUNNING, step, step + 1} <= wanted


def test_the_first_step_up_goes_over_the_pods_of_the_ticket_but_from_one_fewer_is_just_that() -> (
    None
):
    ticket = round(fact("pods_wanted_as_stated").value)
    assert first_step_up(RUNNING) == ticket + 1
    assert first_step_up(RUNNING - 1) == ticket


@pytest.mark.parametrize("replicas", [1, 2, 9, 10, 11, 20, 23, 24, 40])
def test_the_first_step_up_is_what_the_least_excess_asks_for(replicas: int) -> None:
    least = TARGET * 1.1 + 0.001
    assert recommend(replicas, all_at(least, replicas), TARGET).pods == first_step_up(replicas)


def test_a_rollout_that_is_stuck_in_a_full_pool_is_not_the_autoscalers_doing() -> None:
    ticket = round(fact("pods_wanted_as_stated").value)
    pending = [NOT_READY] * round(fact("pending_pods").value)
    got = recommend(ticket, [*all_at(MEAN, RUNNING), *pending], TARGET)
    assert (got.pods, got.reason) == (ticket, Reason.WITHIN_TOLERANCE)


def test_without_ghosts_the_metric_asks_for_fewer_and_the_lower_bound_holds_it() -> None:
    live = fact("live_connections").value / RUNNING
    decision = decide(load_values(*BEFORE).scaling, RUNNING, live)
    assert decision.recommended.pods == fact("pods_wanted_without_ghosts").value
    assert decision.replicas == fact("autoscaler_min_pods").value
    assert decision.held_by == "minReplicas"
