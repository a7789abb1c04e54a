"""Requests, limits and the quality of service classes, as Kubernetes documents them."""

from collections.abc import Mapping

import pytest

from fleet.pods import PodResources, QosClass, Resources
from fleet.quantity import MIB, CapacityError

BOTH = {"cpu": "700m", "memory": "4608Mi"}
LESS = {"cpu": "350m", "memory": "3Gi"}
ZERO = {"cpu": "0", "memory": "0"}
NONE: Mapping[str, str] = {}


@pytest.mark.parametrize(
    ("requests", "limits", "qos"),
    [
        pytest.param(BOTH, BOTH, QosClass.GUARANTEED, id="equal"),
        pytest.param(NONE, BOTH, QosClass.GUARANTEED, id="limits alone"),
        pytest.param({"cpu": "0.7"}, BOTH, QosClass.GUARANTEED, id="one request left out"),
        pytest.param(LESS, BOTH, QosClass.BURSTABLE, id="less of both"),
        pytest.param({"memory": "3Gi"}, BOTH, QosClass.BURSTABLE, id="less memory"),
        pytest.param({"cpu": "350m"}, BOTH, QosClass.BURSTABLE, id="less processor"),
        pytest.param(BOTH, NONE, QosClass.BURSTABLE, id="requests alone"),
        pytest.param(BOTH, {"memory": "4608Mi"}, QosClass.BURSTABLE, id="no processor limit"),
        pytest.param(BOTH, {"cpu": "700m"}, QosClass.BURSTABLE, id="no memory limit"),
        pytest.param(NONE, {"memory": "3Gi"}, QosClass.BURSTABLE, id="a memory limit alone"),
        pytest.param({"cpu": "1m"}, NONE, QosClass.BURSTABLE, id="a processor request alone"),
        pytest.param(NONE, NONE, QosClass.BEST_EFFORT, id="nothing"),
        pytest.param(ZERO, ZERO, QosClass.BEST_EFFORT, id="nothing, in figures"),
    ],
)
def test_a_pod_is_guaranteed_only_with_limits_of_both_that_are_its_requests(
    requests: Mapping[str, str], limits: Mapping[str, str], qos: QosClass
) -> None:
    assert PodResources.parse(requests=requests, limits=limits).qos is qos


def test_a_limit_without_a_request_is_the_request_too() -> None:
    pod = PodResources.parse(requests={"cpu": "350m"}, limits=BOTH)
    assert pod.requests == Resources(cpu=350, memory=4608 * MIB)


def test_a_request_without_a_limit_leaves_the_pod_without_one() -> None:
    pod = PodResources.parse(requests=LESS)
    assert pod.requests == Resources(cpu=350, memory=3072 * MIB)
    assert pod.cpu_limit is None
    assert pod.memory_limit is None


def test_a_request_of_nothing_is_not_replaced_by_the_limit() -> None:
    pod = PodResources.parse(requests={"cpu": 0, "memory": 0}, limits=BOTH)
    assert pod.requests == Resources()
    assert pod.qos is QosClass.BURSTABLE


@pytest.mark.parametrize(
    ("requests", "resource"),
    [({"cpu": "701m"}, "cpu"), ({"memory": "4609Mi"}, "memory")],
    ids=["cpu", "memory"],
)
def test_a_request_above_its_limit_is_refused_by_the_resources_name(
    requests: Mapping[str, str], resource: str
) -> None:
    with pytest.raises(CapacityError, match=rf"^{resource}: request .* is above limit "):
        PodResources.parse(requests=requests, limits=BOTH)


@pytest.mark.parametrize("where", ["requests", "limits"])
@pytest.mark.parametrize(
    ("quantities", "complaint"),
    [
        ({"storage": "1Gi"}, r"^storage: is no resource; there are cpu, memory, ephemeral-storage"),
        ({"cpu": "700x"}, r"^cpu: '700x' is no quantity: should be as "),
        ({"nvidia.com/gpu": "0.5"}, r"^nvidia\.com/gpu: '0\.5' is not a whole number"),
    ],
    ids=["no resource", "no quantity", "a part of a device"],
)
def test_what_cannot_be_counted_is_refused_by_its_name(
    where: str, quantities: Mapping[str, str], complaint: str
) -> None:
    with pytest.raises(CapacityError, match=complaint.replace("^", f"^{where}: ")):
        PodResources.parse(**{where: quantities})
    with pytest.raises(CapacityError, match=complaint):
        Resources.parse(quantities)


def test_amounts_are_added_taken_away_and_multiplied_resource_by_resource() -> None:
    pod = Resources.parse(BOTH)
    assert pod + pod == pod * 2 == Resources(cpu=1400, memory=9216 * MIB)
    assert pod * 2 - pod == pod
    assert Resources.parse({"cpu": 1}) == Resources(cpu=1000, memory=0)
    assert str(pod * 2) == "1400m, 9,216Mi"
