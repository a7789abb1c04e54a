"""Scaling policies, by the worked examples of Kubernetes' documentation and of KEP-853."""

from itertools import pairwise

import pytest

from fleet.quantity import CapacityError
from fleet.scaling import (
    Behaviour,
    Change,
    Policy,
    PolicyType,
    Rules,
    Select,
    fewest_allowed,
    most_allowed,
)


def policy(kind: PolicyType, value: int, period: int = 60) -> Policy:
    return Policy(type=kind, value=value, period=period)


def rules(*policies: Policy, select: Select = Select.MAX) -> Rules:
    return Rules(window=0, policies=policies, select=select)


PODS, PERCENT = PolicyType.PODS, PolicyType.PERCENT
FOUR_OR_A_TENTH = rules(policy(PODS, 4), policy(PERCENT, 10))


def fall(down: Rules, replicas: int, to: int) -> list[int]:
    """Pods minute by minute, as the policies let them go."""
    seen = [replicas]
    changes: list[Change] = []
    while seen[-1] > to:
        now = 60.0 * len(seen)
        seen.append(max(to, fewest_allowed(down, seen[-1], now, changes)))
        changes.append(Change(now, seen[-1] - seen[-2]))
    return seen


def test_from_80_pods_a_tenth_goes_each_minute_rounded_up_and_below_40_four() -> None:
    seen = fall(FOUR_OR_A_TENTH, 80, 10)
    gone = [before - after for before, after in pairwise(seen)]
    assert seen[:3] == [80, 72, 64]
    assert all(each == 4 for before, each in zip(seen, gone, strict=False) if 14 <= before <= 40)
    assert gone == sorted(gone, reverse=True)
    assert seen[-1] == 10


def test_with_the_smaller_change_selected_no_more_than_five_go_a_minute() -> None:
    down = rules(policy(PERCENT, 10), policy(PODS, 5), select=Select.MIN)
    assert fall(down, 80, 60)[:4] == [80, 75, 70, 65]
    assert fall(down, 30, 20)[:2] == [30, 27]


def test_nine_hundred_percent_a_minute_is_tenfold_each_minute() -> None:
    up = rules(policy(PERCENT, 900))
    seen, changes = [1], list[Change]()
    for minute in range(3):
        seen.append(most_allowed(up, seen[-1], 60.0 * minute, changes))
        changes.append(Change(60.0 * minute, seen[-1] - seen[-2]))
    assert seen == [1, 10, 100, 1000]


def test_a_policy_counts_what_was_changed_within_its_period_and_forgets_it_after() -> None:
    up = rules(policy(PODS, 5))
    changes = [Change(0, 5)]
    assert most_allowed(up, 15, 15, changes) == 15
    assert most_allowed(up, 15, 59.9, changes) == 15
    assert most_allowed(up, 15, 60, changes) == 20
    assert most_allowed(up, 13, 15, [Change(0, 3)]) == 15


def test_a_change_the_other_way_within_the_period_gives_its_pods_back() -> None:
    assert most_allowed(rules(policy(PODS, 5)), 18, 30, [Change(15, -2)]) == 25
    assert fewest_allowed(rules(policy(PODS, 5)), 22, 30, [Change(15, 2)]) == 15


def test_a_policy_never_makes_a_rise_a_fall_or_a_fall_a_rise() -> None:
    assert most_allowed(rules(policy(PODS, 1)), 30, 15, [Change(0, 20)]) == 30
    assert fewest_allowed(rules(policy(PODS, 1)), 10, 15, [Change(0, -20)]) == 10


def test_a_share_of_few_pods_is_rounded_in_favour_of_the_change() -> None:
    assert most_allowed(rules(policy(PERCENT, 10)), 1, 0, []) == 2
    assert fewest_allowed(rules(policy(PERCENT, 10)), 5, 0, []) == 4


def test_disabled_means_no_change_in_that_direction() -> None:
    off = rules(policy(PODS, 4), select=Select.DISABLED)
    assert most_allowed(off, 10, 0, []) == fewest_allowed(off, 10, 0, []) == 10
    assert Rules(window=0, policies=(), select=Select.DISABLED).policies == ()


@pytest.mark.parametrize(("replicas", "most"), [(1, 5), (3, 7), (4, 8), (10, 20)])
def test_by_default_pods_double_or_grow_by_four_whichever_is_more(replicas: int, most: int) -> None:
    assert most_allowed(Behaviour().up, replicas, 0, []) == most


def test_by_default_all_pods_may_go_at_once_after_a_window_of_five_minutes() -> None:
    assert fewest_allowed(Behaviour().down, 50, 0, []) == 0
    assert (Behaviour().up.window, Behaviour().down.window) == (0, 300)


@pytest.mark.parametrize(
    ("value", "period", "complaint"),
    [
        (0, 60, r"^value: 0 of a policy is below 1$"),
        (1, 0, r"^periodSeconds: 0 is not within 1 to 1800$"),
        (1, 1801, r"^periodSeconds: 1801 is not within 1 to 1800$"),
    ],
)
def test_a_policy_that_kubernetes_would_refuse_is_refused(
    value: int, period: int, complaint: str
) -> None:
    with pytest.raises(CapacityError, match=complaint):
        policy(PODS, value, period)


@pytest.mark.parametrize("window", [-1, 3601])
def test_a_window_that_kubernetes_would_refuse_is_refused(window: int) -> None:
    with pytest.raises(CapacityError, match=rf"^stabilizationWindowSeconds: {window} is not "):
        Rules(window=window, policies=(policy(PODS, 1),))


def test_a_tolerance_below_0_is_refused() -> None:
    with pytest.raises(CapacityError, match=r"^tolerance: -0\.01 is below 0$"):
        Rules(window=0, policies=(policy(PODS, 1),), tolerance=-0.01)


def test_rules_without_a_policy_have_to_say_that_they_forbid_the_change() -> None:
    with pytest.raises(CapacityError, match=r"^policies: .* got none; .* selectPolicy: Disabled"):
        Rules(window=0, policies=())
