"""Node-pressure eviction as documented, and whom it would have met on 2026-05-13."""

import math
from pathlib import Path

import pytest

from fleet.eviction import Use, eviction_candidates, eviction_order, evictions
from fleet.pods import PodResources, QosClass
from fleet.quantity import MIB
from fleet.values import BEFORE, FIRST_CUT, SECOND_CUT, load_pool, load_values
from ghosts.evidence import fact

ASKED = PodResources.parse(requests={"cpu": "350m", "memory": "1000Mi"})


def use(name: str, mebibytes: float, priority: int = 0, asked: PodResources = ASKED) -> Use:
    return Use(name=name, resources=asked, memory=round(mebibytes * MIB), priority=priority)


def of_the_record(files: tuple[Path, ...], figure: str) -> Use:
    return use("with ghosts", fact(figure).value, asked=load_values(*files).resources)


def names(pods: list[Use]) -> list[str]:
    return [pod.name for pod in pods]


# The record


@pytest.mark.parametrize(
    ("files", "figure", "is_candidate"),
    [
        pytest.param(BEFORE, "memory_max", False, id="before, the outlier of the day"),
        pytest.param(BEFORE, "largest_pod_p99", False, id="before, the 99th percentile"),
        pytest.param(FIRST_CUT, "memory_max", True, id="first cut, the outlier of the day"),
        pytest.param(SECOND_CUT, "memory_max", False, id="second cut, the outlier of the day"),
        pytest.param(SECOND_CUT, "largest_pod_p99", True, id="second cut, the 99th percentile"),
        pytest.param(FIRST_CUT, "memory_mean", False, id="first cut, a pod without ghosts"),
    ],
)
def test_a_cut_makes_a_candidate_of_the_pod_that_is_above_the_new_request(
    files: tuple[Path, ...], figure: str, is_candidate: bool
) -> None:
    pod = of_the_record(files, figure)
    assert eviction_candidates([pod]) == ([pod] if is_candidate else [])
    assert not pod.above_limit


def test_the_pods_are_guaranteed_before_the_cuts_and_burstable_after_each() -> None:
    classes = [load_values(*files).resources.qos for files in (BEFORE, FIRST_CUT, SECOND_CUT)]
    assert classes == [QosClass.GUARANTEED, QosClass.BURSTABLE, QosClass.BURSTABLE]


def test_the_outlier_of_the_day_is_the_first_to_go_under_the_first_cut() -> None:
    asked = load_values(*FIRST_CUT).resources
    others = [use(str(n), fact("other_pods_memory_mean").value, asked=asked) for n in range(3)]
    order = eviction_order([*others, of_the_record(FIRST_CUT, "memory_max")])
    assert order[0].name == "with ghosts"


@pytest.mark.parametrize("figure", ["largest_pod_p99", "largest_pod_before_fix"])
def test_four_such_pods_are_too_many_for_a_node_that_was_cut_for_four(figure: str) -> None:
    pods = [of_the_record(SECOND_CUT, figure)] * 4
    assert len(evictions(load_pool().node, pods)) == 1
    assert evictions(load_pool().node, pods[:3]) == []


def test_two_guaranteed_pods_at_their_limit_leave_a_node_nothing_to_evict() -> None:
    pods = [of_the_record(BEFORE, "limit_memory")] * 2
    assert evictions(load_pool().node, pods) == []
    assert not any(pod.above_limit for pod in pods)


# The rules


def test_usage_above_the_request_goes_before_priority_and_priority_before_the_amount() -> None:
    pods = [
        use("below, important, near", 999, priority=5),
        use("above, important, by much", 3000, priority=5),
        use("below, near", 990),
        use("above, by little", 1001),
        use("above, by much", 2000),
        use("below, far", 10),
    ]
    assert names(eviction_order(pods)) == [
        "above, by much",
        "above, by little",
        "above, important, by much",
        "below, near",
        "below, far",
        "below, important, near",
    ]
    assert names(eviction_candidates(pods)) == [
        "above, by much",
        "above, by little",
        "above, important, by much",
    ]


def test_it_is_the_amount_above_the_request_that_counts_and_not_the_usage() -> None:
    asks_much = PodResources.parse(requests={"memory": "4000Mi"})
    pods = [use("uses more", 4100, asked=asks_much), use("is further above", 1500)]
    assert names(eviction_order(pods)) == ["is further above", "uses more"]


def test_a_pod_at_its_request_is_no_candidate_and_a_byte_more_makes_it_one() -> None:
    at = Use(name="at", resources=ASKED, memory=1000 * MIB)
    above = Use(name="above", resources=ASKED, memory=1000 * MIB + 1)
    assert (at.above_request, above.above_request) == (0, 1)
    assert eviction_candidates([at, above]) == [above]


def test_a_pod_that_asked_for_nothing_is_above_its_request_with_whatever_it_has() -> None:
    assert names(eviction_candidates([use("best effort", 1, asked=PodResources())])) != []


def test_no_more_are_evicted_than_it_takes_until_the_rest_fits() -> None:
    usable = load_pool().node.usable.memory / MIB
    small, large = use("small", usable / 4), use("large", usable / 2)
    assert evictions(load_pool().node, [small, small, large]) == []
    over = [small, use("a little more", usable / 4 + 1), large]
    assert names(evictions(load_pool().node, over)) == ["large"]
    far_over = [use("huge", usable), use("half", usable / 2), use("most", usable * 0.75)]
    assert names(evictions(load_pool().node, far_over)) == ["huge", "most"]


def test_below_its_request_a_pod_goes_too_where_nobody_else_is_left() -> None:
    asked = PodResources.parse(requests={"memory": "16Gi"})
    pod = use("within its request", 13000, asked=asked)
    assert evictions(load_pool().node, [pod]) == [pod]


def test_a_container_is_killed_above_its_limit_and_never_without_one() -> None:
    limited = PodResources.parse(limits={"memory": "1000Mi"})
    assert not use("at", 1000, asked=limited).above_limit
    assert use("above", 1000.1, asked=limited).above_limit
    assert not use("unlimited", 10**6).above_limit


@pytest.mark.parametrize(
    ("files", "most_ghosts"),
    [
        (FIRST_CUT, "ghosts_to_first_proposed_request"),
        (SECOND_CUT, "ghosts_to_second_proposed_request"),
    ],
    ids=["first cut", "second cut"],
)
def test_a_pod_becomes_a_candidate_at_the_ghosts_on_record(
    files: tuple[Path, ...], most_ghosts: str
) -> None:
    resources = load_values(*files).resources

    def candidates(ghosts: int) -> list[Use]:
        mib = fact("memory_baseline").value + ghosts * fact("memory_per_ghost").value
        return eviction_candidates([Use(name="bad", resources=resources, memory=round(mib * MIB))])

    enough = math.ceil(fact(most_ghosts).value)
    assert candidates(enough - 1) == []
    assert len(candidates(enough)) == 1
