"""A rolling update's rounding as documented, and the 26 pods of the ticket."""

import pytest

from fleet.quantity import CapacityError
from fleet.rollout import RollingUpdate, Step
from fleet.values import BEFORE, load_pool, load_values
from ghosts.evidence import fact


def number(name: str) -> int:
    value = fact(name).value
    assert value == int(value)
    return int(value)


def test_a_rollout_of_the_running_pods_asks_for_the_pods_of_the_ticket() -> None:
    rollout = load_values(*BEFORE).rollout
    most = rollout.most(number("running_pods"))
    assert most == number("pods_wanted_with_surge") == number("pods_wanted_as_stated")
    assert most - number("pods_capacity") == number("pending_pods")


def test_a_rollout_at_the_autoscalers_bound_fits_only_the_pool_after_the_cuts() -> None:
    most = load_values(*BEFORE).rollout.most(number("autoscaler_max_pods"))
    assert most == number("autoscaler_max_pods") + number("max_surge")
    assert number("pods_capacity") < most <= number("proposed_pods_capacity")
    assert load_pool().nodes * (number("proposed_pods_per_node") - 1) < most


@pytest.mark.parametrize(
    ("share", "pods", "surge", "unavailable"),
    [
        ("25%", 10, 3, 2),
        ("25%", 4, 1, 1),
        ("25%", 3, 1, 0),
        ("25%", 1, 1, 0),
        ("100%", 10, 10, 10),
        ("0%", 10, 0, 0),
        (2, 24, 2, 2),
        ("25%", 0, 0, 0),
    ],
    ids=str,
)
def test_a_share_is_rounded_up_for_the_surge_and_down_for_what_may_be_missing(
    share: int | str, pods: int, surge: int, unavailable: int
) -> None:
    both = RollingUpdate(max_surge=share, max_unavailable="25%")
    assert both.surge(pods) == surge
    assert both.most(pods) == pods + surge
    assert RollingUpdate(max_unavailable=share).unavailable(pods) == unavailable


def test_where_both_are_rounded_to_nothing_one_may_be_missing_so_that_something_moves() -> None:
    rollout = RollingUpdate(max_surge=0, max_unavailable="25%")
    assert [rollout.unavailable(pods) for pods in (0, 1, 3, 4, 8)] == [0, 1, 1, 1, 2]
    assert rollout.most(3) == 3


def test_more_than_all_pods_cannot_be_missing() -> None:
    assert RollingUpdate(max_unavailable="100%").unavailable(5) == 5
    with pytest.raises(CapacityError, match=r"^max_unavailable: 101% is more than all pods$"):
        RollingUpdate(max_unavailable="101%")


def test_a_quarter_each_way_is_the_default() -> None:
    assert RollingUpdate() == RollingUpdate(max_surge="25%", max_unavailable="25%")


@pytest.mark.parametrize("name", ["max_surge", "max_unavailable"])
@pytest.mark.parametrize(
    "nonsense", [-1, "2", "25 %", "-25%", "2.5%", "%", "", None, True, 0.25], ids=repr
)
def test_what_is_neither_a_number_nor_a_share_is_refused_by_its_name(
    name: str, nonsense: object
) -> None:
    with pytest.raises(CapacityError, match=rf"^{name}: .* is neither a number of pods nor a"):
        RollingUpdate(**{name: nonsense})  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [0, "0%"], ids=repr)
def test_an_update_that_could_never_move_is_refused(nothing: int | str) -> None:
    with pytest.raises(CapacityError, match=r"^max_surge and max_unavailable are both 0"):
        RollingUpdate(max_surge=nothing, max_unavailable=nothing)


@pytest.mark.parametrize(
    ("old", "new", "available", "step"),
    [
        (10, 0, 0, Step(create=3, end=2)),
        (8, 3, 0, Step(create=2, end=0)),
        (8, 5, 0, Step(create=0, end=0)),
        (8, 5, 1, Step(create=0, end=1)),
        (8, 5, 5, Step(create=0, end=5)),
        (1, 9, 9, Step(create=1, end=1)),
        (0, 10, 10, Step(create=0, end=0)),
        (0, 12, 10, Step(create=0, end=0)),
        (14, 0, 0, Step(create=0, end=6)),
    ],
    ids=str,
)
def test_the_steps_of_a_rollout_keep_enough_pods_ready_and_few_enough_in_all(
    old: int, new: int, available: int, step: Step
) -> None:
    # Ten replicas, a surge of 3 and 2 unavailable: the documentation's "Max Surge" and
    # "Max Unavailable" say 13 pods at most, and 8 ready at least.
    update = RollingUpdate(max_surge=3, max_unavailable=2)
    assert update.step(10, old=old, new=new, available=available) == step
