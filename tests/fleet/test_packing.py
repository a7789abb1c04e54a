"""What fits the pool of 2026-05-13: the arithmetic of the record, done by the scheduler's rules."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.packing import Binding, Fit, Node, Pool, insufficient
from fleet.pods import PodResources, Resources
from fleet.quantity import MIB, CapacityError
from fleet.values import BEFORE, FIRST_CUT, SECOND_CUT, load_pool, load_values
from ghosts.evidence import fact


def fit(files: tuple[Path, ...], pool: Pool | None = None) -> Fit:
    return (pool or load_pool()).fit(load_values(*files).resources)


# The record


@pytest.mark.parametrize(
    ("files", "name", "binding"),
    [
        pytest.param(BEFORE, "pods", Binding.CPU, id="before"),
        pytest.param(FIRST_CUT, "proposed_pods", Binding.CPU, id="first cut"),
        pytest.param(SECOND_CUT, "proposed_pods", Binding.MEMORY, id="second cut"),
    ],
)
def test_as_many_pods_fit_a_node_and_the_pool_as_the_record_says(
    files: tuple[Path, ...], name: str, binding: Binding
) -> None:
    fitting = fit(files)
    assert fitting.per_node == fact(f"{name}_per_node").value
    assert fitting.pods == fact(f"{name}_capacity").value
    assert fitting.binding is binding


def test_the_second_cut_leaves_each_node_the_memory_on_record() -> None:
    slack = fact("proposed_memory_slack_per_node").value * MIB
    assert fit(SECOND_CUT).slack.memory == slack


def test_one_mebibyte_more_of_daemonsets_than_that_costs_the_pool_a_quarter() -> None:
    def with_more(mebibytes: float) -> Fit:
        pool = load_pool()
        more = pool.node.daemonsets + Resources(memory=round(mebibytes * MIB))
        return fit(SECOND_CUT, replace(pool, node=replace(pool.node, daemonsets=more)))

    slack = fact("proposed_memory_slack_per_node").value
    assert with_more(slack).pods == fact("proposed_pods_capacity").value
    assert with_more(slack + 1).pods == fact("proposed_pods_capacity").value * 3 / 4


def test_a_node_leaves_its_pods_what_the_record_says() -> None:
    node = load_pool().node
    assert node.usable.cpu == fact("node_cpu_usable").value
    assert node.usable.memory == fact("node_memory_usable").value * MIB
    assert node.daemonsets.memory == fact("daemonset_memory").value * MIB


def test_a_full_pool_lacks_both_resources_for_one_more_pod_as_the_ticket_says() -> None:
    pod = load_values(*BEFORE).resources
    full = fit(BEFORE)
    assert full.pods == fact("running_pods").value
    assert insufficient(pod, full.slack) == (Binding.CPU, Binding.MEMORY)


def test_the_processor_that_august_saw_free_is_what_two_such_pods_leave() -> None:
    stated = fact("august_free_cpu_per_node").value
    assert 0 <= fit(BEFORE).slack.cpu - stated <= 25


def test_what_august_saw_free_takes_no_pod_of_the_later_chart() -> None:
    free = Resources(
        cpu=round(fact("august_free_cpu_per_node").value),
        memory=round(fact("august_free_memory_per_node").value * 1024 * MIB),
    )
    pod = PodResources(
        cpu_request=round(fact("request_cpu").value),
        memory_request=round(fact("later_chart_request_memory").value * MIB),
    )
    assert insufficient(pod, free) == (Binding.CPU, Binding.MEMORY)


# The rules


@pytest.mark.parametrize(
    ("free", "lacking"),
    [
        (Resources(cpu=350, memory=3072 * MIB), ()),
        (Resources(cpu=349, memory=3072 * MIB), (Binding.CPU,)),
        (Resources(cpu=350, memory=3072 * MIB - 1), (Binding.MEMORY,)),
        (Resources(), (Binding.CPU, Binding.MEMORY)),
    ],
    ids=["just enough", "a thousandth short", "a byte short", "nothing"],
)
def test_a_node_lacks_what_is_short_by_ever_so_little(
    free: Resources, lacking: tuple[Binding, ...]
) -> None:
    assert insufficient(load_values(*SECOND_CUT).resources, free) == lacking


def test_limits_play_no_part_in_what_fits() -> None:
    requests = {"cpu": "350m", "memory": "3Gi"}
    alone = PodResources.parse(requests=requests)
    limited = PodResources.parse(requests=requests, limits={"cpu": 64, "memory": "1Ti"})
    assert load_pool().fit(alone) == load_pool().fit(limited)


def test_pods_that_ask_for_nothing_are_limited_by_their_number_alone() -> None:
    fitting = load_pool().fit(PodResources())
    assert (fitting.per_node, fitting.binding) == (110, Binding.PODS)


def test_a_pool_without_nodes_takes_nothing_and_one_of_fewer_is_refused() -> None:
    assert fit(BEFORE, replace(load_pool(), nodes=0)).pods == 0
    with pytest.raises(CapacityError, match=r"^nodes: -1 is below 0$"):
        replace(load_pool(), nodes=-1)


def test_daemonsets_that_ask_for_more_than_the_node_has_are_refused() -> None:
    with pytest.raises(CapacityError, match=r"^daemonsets request 2m, 0Mi of a node that has 1m"):
        Node(allocatable=Resources(cpu=1), daemonsets=Resources(cpu=2))


@given(
    node=st.builds(
        lambda cpu, memory, pods: Node(
            allocatable=Resources(cpu=cpu, memory=memory), most_pods=pods
        ),
        st.integers(0, 4000),
        st.integers(0, 16 * 1024 * MIB),
        st.integers(1, 110),
    ),
    asked=st.builds(Resources, cpu=st.integers(0, 1000), memory=st.integers(0, 4 * 1024 * MIB)),
)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_what_fits_is_never_more_than_the_room_and_one_more_never_fits(
    node: Node, asked: Resources
) -> None:
    pod = PodResources(cpu_request=asked.cpu, memory_request=asked.memory)
    fitting = Pool(nodes=3, node=node).fit(pod)
    assert fitting.pods == 3 * fitting.per_node
    assert fitting.slack + asked * fitting.per_node == node.usable
    assert min(fitting.slack.cpu, fitting.slack.memory) >= 0
    lacking = insufficient(pod, fitting.slack)
    assert fitting.binding in lacking or fitting.per_node == node.most_pods
