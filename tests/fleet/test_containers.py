"""What containers request together: "Sidecar Containers", "Resource sharing within containers".

https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/; the order of init containers
and sidecars is in KEP-753, "Resources calculation for scheduling and pod admission".
"""

import pytest

from fleet.containers import Container, together
from fleet.pods import PodResources, QosClass, Resources
from fleet.quantity import MIB, CapacityError


def container(
    cpu: int | None = None,
    *,
    limit: int | None = None,
    init: bool = False,
    stays: bool = False,
    gpus: int = 0,
) -> Container:
    others = {"nvidia.com/gpu": gpus} if gpus else {}
    resources = PodResources(cpu_request=cpu, cpu_limit=limit, others=others)
    return Container(resources=resources, init=init or stays, stays=stays)


def init(cpu: int) -> Container:
    return container(cpu, init=True)


def sidecar(cpu: int) -> Container:
    return container(cpu, stays=True)


@pytest.mark.parametrize(
    ("containers", "cpu"),
    [
        pytest.param([container(100), container(200)], 300, id="all at once"),
        pytest.param([container(100), init(50), init(80)], 100, id="init containers before"),
        pytest.param([container(100), init(500), init(80)], 500, id="a large init container"),
        pytest.param([container(100), sidecar(50)], 150, id="a sidecar beside"),
        pytest.param([container(100), sidecar(50), init(200)], 250, id="a sidecar, then init"),
        pytest.param([container(100), init(200), sidecar(50)], 200, id="init, then a sidecar"),
        pytest.param(
            [container(100), sidecar(10), sidecar(20), init(90)], 130, id="two sidecars, then init"
        ),
        pytest.param([container(None, limit=70), container(30)], 100, id="a limit alone"),
        pytest.param([container(), container(30)], 30, id="one without"),
    ],
)
def test_a_pod_requests_what_its_containers_need_at_once(
    containers: list[Container], cpu: int
) -> None:
    assert together(containers).requests == Resources(cpu=cpu)


def test_devices_are_counted_by_the_same_rules() -> None:
    pod = together([container(gpus=1), container(gpus=2), container(gpus=5, init=True)])
    assert pod.requests.of("nvidia.com/gpu") == 5


def test_a_pod_has_no_limit_if_one_of_its_containers_has_none() -> None:
    assert together([container(limit=100), container(limit=200)]).cpu_limit == 300
    assert together([container(limit=100), container(50)]).cpu_limit is None
    assert together([container(limit=100), init(50)]).cpu_limit is None


def test_overhead_is_added_to_the_request_and_not_to_the_quality_of_service() -> None:
    """See "Pod Overhead": /concepts/scheduling-eviction/pod-overhead/."""
    overhead = Resources(cpu=250, memory=120 * MIB)
    pod = together([container(100), init(300)], overhead=overhead)
    assert pod.requests == Resources(cpu=550, memory=120 * MIB)
    assert together([container()], overhead=overhead).qos is QosClass.BEST_EFFORT


def whole(cpu: int) -> Container:
    """Requests are limits, of both resources."""
    resources = PodResources(cpu_limit=cpu, memory_limit=MIB)
    return Container(resources=resources)


@pytest.mark.parametrize(
    ("containers", "qos"),
    [
        ([whole(100), whole(50)], QosClass.GUARANTEED),
        ([whole(100), container(50)], QosClass.BURSTABLE),
        ([whole(100), init(50)], QosClass.BURSTABLE),
        ([whole(100), container()], QosClass.BURSTABLE),
        ([container(), container()], QosClass.BEST_EFFORT),
    ],
    ids=["all", "one burstable", "an init container", "one without", "none"],
)
def test_a_pod_is_guaranteed_only_if_each_of_its_containers_is(
    containers: list[Container], qos: QosClass
) -> None:
    """See "Pod Quality of Service Classes": /concepts/workloads/pods/pod-qos/."""
    assert together(containers).qos is qos


def test_requests_of_the_pod_itself_go_before_those_of_its_containers() -> None:
    """See "Assign Pod-level CPU and memory resources", and KEP-2837, "Pod Level Resources".

    A limit of the pod alone is the request only where no container requests that resource.
    """
    both = [container(100), container(200)]
    assert together(both, pod=PodResources(cpu_request=1000)).requests.cpu == 1000
    assert together(both, pod=PodResources(cpu_limit=1000)).requests.cpu == 300
    assert together([container()], pod=PodResources(cpu_limit=1000)).requests.cpu == 1000
    own = PodResources(cpu_limit=1000, memory_limit=MIB)
    assert together([container(), container()], pod=own).qos is QosClass.GUARANTEED
    with pytest.raises(CapacityError, match=r"^cpu: request 300m is above limit 200m$"):
        together(both, pod=PodResources(cpu_limit=200))
