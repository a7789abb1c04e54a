"""Which nodes take pods, and how many: by the scheduler's rules, less daemonset pods.

The pages are those of https://kubernetes.io/docs/; each test names its own.
"""

from pathlib import Path
from typing import Any

import pytest
from yaml_files import Write

from fleet.deployment import Deployment
from fleet.manifests import read_fleet, read_pools
from fleet.packing import Binding, Node, Pool
from fleet.pods import Resources
from fleet.quantity import MIB, CapacityError
from fleet.values import load_pool

NODES = Path(__file__).with_name("nodes.yaml")
CLUSTER = Path(__file__).with_name("cluster.yaml")


def node(name: str = "n1", **content: Any) -> dict[str, Any]:
    allocatable = {"cpu": "2", "memory": "8Gi", "pods": "29"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": content.pop("labels", {})},
        "spec": content,
        "status": {"allocatable": {**allocatable, **content.pop("allocatable", {})}},
    }


def daemon(name: str, cpu: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "agent", "resources": {"requests": {"cpu": cpu}}}]
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"template": {"spec": {"containers": containers, **spec}}},
    }


def pod(on: str, owner: str, cpu: str, **status: Any) -> dict[str, Any]:
    owners = [{"kind": owner, "name": "agent", "controller": True}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"agent-{on}-{cpu}", "ownerReferences": owners},
        "spec": {
            "nodeName": on,
            "containers": [{"name": "agent", "resources": {"requests": {"cpu": cpu}}}],
        },
        "status": status,
    }


def nodes_of(*files: Path) -> list[Node]:
    pools, _ = read_pools(*files)
    return [pool.node for pool in pools]


def chart(write: Write, **values: Any) -> Path:
    return write("values.yaml", {"resources": {"requests": {"cpu": "500m"}}, **values})


def counted(values: Path, pool: Path) -> tuple[Deployment, tuple[Pool, ...]]:
    """The deployment, and the nodes that are for it."""
    fleet = read_fleet([values], pool)
    (deployment,) = fleet.deployments.values()
    placement = deployment.placement
    return deployment, tuple(
        each for each in fleet.pools if not placement.refused(each.node.labels, each.node.taints)
    )


def test_a_node_has_what_is_allocatable_and_not_its_capacity() -> None:
    """See "Reserve Compute Resources for System Daemons", "Node Allocatable"."""
    first = nodes_of(NODES)[0]
    assert first.allocatable.cpu == 1930
    assert first.allocatable.memory == 7_069_132 * 1024
    assert first.allocatable.of("ephemeral-storage") == 18_242_267_924
    assert first.most_pods == 29


def test_a_node_that_lists_no_number_of_pods_takes_the_kubelets_default(write: Write) -> None:
    """maxPods is 110: KubeletConfiguration, /reference/config-api/kubelet-config.v1beta1/."""
    bare = {"apiVersion": "v1", "kind": "Node", "status": {"capacity": {"cpu": 2}}}
    (only,) = nodes_of(write("node.yaml", bare))
    assert (only.allocatable.cpu, only.most_pods) == (2000, 110)


def test_small_pods_are_limited_by_the_number_that_the_node_takes_daemonset_pods_included(
    write: Write,
) -> None:
    pool = write(
        "pool.yaml",
        {
            "nodes": 3,
            "allocatable": {"cpu": "1930m", "memory": "6903Mi", "pods": 29},
            "daemonsets": {"cpu": "150m", "memory": "200Mi", "pods": 4},
        },
    )
    small = chart(write, resources={"requests": {"cpu": "10m", "memory": "32Mi"}})
    deployment, pools = counted(small, pool)
    fit = pools[0].fit(deployment.resources)
    assert (fit.per_node, fit.pods, fit.binding, fit.lacks) == (25, 75, Binding.PODS, ("pods",))
    assert fit.slack == Resources(cpu=1530, memory=(6703 - 25 * 32) * MIB)


# Taints, selectors


def test_a_tainted_or_cordoned_node_takes_only_pods_that_tolerate_it(write: Write) -> None:
    """See "Taints and Tolerations": /concepts/scheduling-eviction/taint-and-toleration/."""

    def names(*tolerations: dict[str, Any]) -> list[str]:
        _, pools = counted(chart(write, tolerations=list(tolerations)), NODES)
        return [pool.node.name.split(".")[0] for pool in pools]

    web = {"key": "dedicated", "value": "web", "effect": "NoSchedule"}
    assert names() == ["ip-10-0-1-1"]
    assert names(web) == ["ip-10-0-1-1", "n2"]
    assert names({**web, "value": "db"}) == names({**web, "effect": "NoExecute"}) == names()
    assert names({"key": "gpu", "operator": "Exists"}) == ["ip-10-0-1-1", "n4"]
    assert names({"operator": "Exists"}) == ["ip-10-0-1-1", "n2", "n3", "n4"]
    assert names({"operator": "Exists", "effect": "NoExecute"}) == ["ip-10-0-1-1", "n4"]


def test_a_preference_keeps_no_pod_away(write: Write) -> None:
    taints = [{"key": "spot", "effect": "PreferNoSchedule"}]
    _, pools = counted(chart(write), write("nodes.yaml", node(taints=taints)))
    assert len(pools) == 1


def test_a_selector_goes_by_the_labels_of_the_nodes(write: Write) -> None:
    """See "Assigning Pods to Nodes": /concepts/scheduling-eviction/assign-pod-node/."""
    pool = write("nodes.yaml", node("a", labels={"disk": "ssd"}), node("b"))
    _, pools = counted(chart(write, nodeSelector={"disk": "ssd"}), pool)
    assert [each.node.name for each in pools] == ["a"]


# Daemonsets


def test_the_pods_of_a_daemonset_are_taken_off_each_node_that_it_is_for(write: Write) -> None:
    """See "DaemonSet", "Taints and tolerations": /concepts/workloads/controllers/daemonset/.

    Its pods tolerate a cordoned node, and not other taints.
    """
    logs = daemon("logs", "100m")
    ssd = daemon("ssd", "50m", nodeSelector={"disk": "ssd"})
    cordoned = node("b", unschedulable=True)
    tainted = node("c", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    found = nodes_of(
        write("all.yaml", node("a", labels={"disk": "ssd"}), cordoned, tainted, logs, ssd)
    )
    assert [each.usable.cpu for each in found] == [1850, 1900, 2000]
    assert [each.most_pods for each in found] == [27, 28, 29]


def test_daemonset_pods_that_run_are_taken_off_their_node_and_those_of_others_are_not(
    write: Write,
) -> None:
    """A static pod is its node's: "Static Pods", /tasks/configure-pod-container/static-pod/."""
    running = [pod("a", "DaemonSet", "100m"), pod("a", "Node", "70m"), pod("a", "ReplicaSet", "1")]
    pools, passed = read_pools(write("all.yaml", node("a"), node("b"), *running))
    assert [each.node.usable.cpu for each in pools] == [1830, 2000]
    assert [each.node.most_pods for each in pools] == [27, 29]
    assert passed == ("pods of agent",)


def test_a_daemonset_is_not_counted_twice_if_its_pods_are_there_too(write: Write) -> None:
    ds = daemon("agent", "100m")
    (only,) = nodes_of(write("all.yaml", node("a"), ds, pod("a", "DaemonSet", "100m")))
    assert only.usable.cpu == 1900


def test_a_daemonset_pod_that_does_not_fit_is_named(write: Write) -> None:
    pools, passed = read_pools(write("all.yaml", node(), daemon("huge", "3")))
    assert pools[0].node.usable.cpu == 2000
    assert passed == ("1 daemonset pods that do not fit their node",)


def test_daemonsets_beside_the_workloads_are_taken_off_a_pool_that_is_described(
    write: Write,
) -> None:
    pool = write("pool.yaml", {"nodes": 2, "allocatable": {"cpu": 2, "memory": "8Gi"}})
    (only,) = read_fleet([CLUSTER], pool).pools
    assert only.node.usable == Resources(cpu=1900, memory=(8192 - 200) * MIB)
    assert only.node.most_pods == 109


def test_nodes_beside_the_workloads_are_the_pool(write: Write) -> None:
    fleet = read_fleet([CLUSTER, write("nodes.yaml", node("a"))], NODES)
    assert [pool.node.name for pool in fleet.pools] == ["a"]


# Other resources


def test_storage_and_devices_limit_pods_as_cpu_and_memory_do(write: Write) -> None:
    """See "Extended resources" and "Local ephemeral storage".

    /concepts/configuration/manage-resources-containers/.
    """
    amounts = {"ephemeral-storage": "10Gi", "nvidia.com/gpu": "2", "hugepages-2Mi": "64Mi"}
    pool = write("nodes.yaml", node(allocatable=amounts))

    def fit(**requests: Any) -> tuple[int, str]:
        deployment, pools = counted(chart(write, resources={"requests": requests}), pool)
        found = pools[0].fit(deployment.resources)
        return found.per_node, found.binding

    assert fit(**{"nvidia.com/gpu": 1}) == (2, "nvidia.com/gpu")
    assert fit(**{"hugepages-2Mi": "20Mi"}) == (3, "hugepages-2Mi")
    assert fit(**{"ephemeral-storage": "3Gi"}) == (3, "ephemeral-storage")
    assert fit(cpu=1, **{"nvidia.com/gpu": 1}) == (2, "cpu")
    assert fit(**{"example.com/foo": 1}) == (0, "example.com/foo")


def test_storage_that_a_pool_does_not_list_is_not_counted(write: Write) -> None:
    pool = Pool(nodes=1, node=Node(allocatable=Resources(cpu=2000, memory=MIB)))
    resources = {"requests": {"cpu": 1, "ephemeral-storage": "3Gi"}}
    deployment, _ = counted(chart(write, resources=resources), NODES)
    assert pool.fit(deployment.resources).per_node == 2
    assert not pool.node.counts("ephemeral-storage")


def test_what_a_node_offers_beside_that_is_passed_over(write: Write) -> None:
    (only,) = nodes_of(write("node.yaml", node(allocatable={"storage": "1Gi", "fpga": "many"})))
    assert only.allocatable.others == {}


# One pool


def test_nodes_that_are_alike_are_one_pool(write: Write) -> None:
    assert load_pool(write("alike.yaml", node("a", labels={"zone": "a"}), node("b"))).nodes == 2
    with pytest.raises(CapacityError, match=r"^nodes\.yaml: its nodes should be alike$"):
        load_pool(NODES)


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        ([daemon("logs", "1")], r"^wrong\.yaml: has no nodes$"),
        (
            [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}],
            r"^wrong\.yaml: Node a: status\.allocatable: missing$",
        ),
        (
            [node(allocatable={"memory": "8GB"})],
            r"^wrong\.yaml: Node n1: status\.allocatable: memory: '8GB' is no quantity",
        ),
    ],
    ids=["no nodes", "nothing allocatable", "no quantity"],
)
def test_nodes_that_cannot_be_are_refused_by_file_and_key(
    write: Write, objects: list[object], complaint: str
) -> None:
    with pytest.raises(CapacityError, match=complaint):
        read_pools(write("wrong.yaml", *objects))


# What decides about labels, owners and what a pool does not list


def test_a_static_pod_counts_beside_its_node_in_one_list(write: Write) -> None:
    """Its owner is the node: "Static Pods", /tasks/configure-pod-container/static-pod/."""
    static = pod("a", "Node", "500m")
    static["metadata"]["ownerReferences"][0]["name"] = "a"
    files = write("node.yaml", node("a")), write("pod.yaml", static)
    both = write("both.yaml", node("a"), static)
    for fleet in (
        read_fleet([chart(write), *files], NODES),
        read_fleet([chart(write), both], NODES),
    ):
        assert [each.node.usable.cpu for each in fleet.pools] == [1500]
    assert [(each.usable.cpu, each.most_pods) for each in nodes_of(both)] == [(1500, 28)]


@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        ([{"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}], ["a"]),
        ([{"key": "disk", "operator": "NotIn", "values": ["ssd"]}], ["b", "c"]),
        ([{"key": "disk", "operator": "Exists"}], ["a", "b"]),
        ([{"key": "disk", "operator": "DoesNotExist"}], ["c"]),
        ([{"key": "cores", "operator": "Gt", "values": ["8"]}], ["b"]),
        ([{"key": "cores", "operator": "Lt", "values": ["9"]}], ["a"]),
        ([{"key": "disk", "operator": "Exists"},
          {"key": "cores", "operator": "Gt", "values": ["4"]}], ["b"]),
        ([], []),
    ],
    ids=str,
)  # fmt: skip
def test_a_required_node_affinity_goes_by_the_labels_of_the_nodes(
    write: Write, expressions: list[dict[str, Any]], names: list[str]
) -> None:
    """See "Node affinity" and "Operators": /concepts/scheduling-eviction/assign-pod-node/."""
    pool = write(
        "nodes.yaml",
        node("a", labels={"disk": "ssd", "cores": "4"}),
        node("b", labels={"disk": "hdd", "cores": "16"}),
        node("c", labels={"cores": "many"}),
    )
    _, pools = counted(chart(write, affinity=affinity({"matchExpressions": expressions})), pool)
    assert [each.node.name for each in pools] == names


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    hard = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"nodeAffinity": hard}


def test_a_daemonset_is_on_the_nodes_of_its_affinity_and_one_of_two_terms_is_enough(
    write: Write,
) -> None:
    terms = [{"matchExpressions": [{"key": key, "operator": "Exists"}]} for key in ("gpu", "fpga")]
    found = nodes_of(
        write(
            "all.yaml",
            node("a", labels={"gpu": "t4"}),
            node("b", labels={"fpga": ""}),
            node("c"),
            daemon("plugin", "1", affinity=affinity(*terms)),
        )
    )
    assert [each.usable.cpu for each in found] == [1000, 1000, 2000]


def test_what_no_figure_of_a_daemonset_includes_is_named(write: Write) -> None:
    """Pods by ``matchFields``, other pods, or labels of nodes that are described without any."""
    by_name = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}
    _, passed = read_pools(
        write("all.yaml", node("a"), daemon("logs", "1", affinity=affinity(by_name)))
    )
    assert passed == ("logs: spec.template.spec.affinity",)
    pool = write("pool.yaml", {"nodes": 1, "allocatable": {"cpu": 2, "memory": "8Gi"}})
    exists = {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}
    plugin = write("ds.yaml", daemon("plugin", "1", affinity=affinity(exists)))
    fleet = read_fleet([chart(write), plugin], pool)
    assert fleet.not_counted == ("plugin: nodeAffinity, as the labels of the nodes are not known",)


def test_storage_that_a_pool_does_not_list_keeps_no_daemonset_away(write: Write) -> None:
    pool = write("pool.yaml", {"nodes": 1, "allocatable": {"cpu": 2, "memory": "8Gi"}})
    agent = daemon("agent", "1")
    requests = agent["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    requests["ephemeral-storage"] = "1Gi"
    fleet = read_fleet([chart(write), write("ds.yaml", agent)], pool)
    assert fleet.pools[0].node.usable.cpu == 1000
    assert fleet.not_counted == ("agent: ephemeral-storage, as the pool does not list it",)
