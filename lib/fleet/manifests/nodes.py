"""The pool of nodes: a file that describes it, or nodes as ``kubectl get -o yaml`` prints them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from fleet.manifests.documents import KubernetesObject
from fleet.manifests.objects import NODE
from fleet.manifests.pods import label
from fleet.manifests.section import Section
from fleet.manifests.workloads import Daemon
from fleet.packing import MOST_PODS, Node, Pool
from fleet.placement import UNSCHEDULABLE, Taint
from fleet.pods import Resources, is_resource
from fleet.quantity import CapacityError, plain, prefixed, whole_number


def pool_of_values(values: Section) -> Pool:
    """Read ``nodes``, ``allocatable`` and ``daemonsets``, of nodes that are alike.

    Raises:
        CapacityError: a value is not possible; it names the key.
    """
    for key in values.others(("nodes", "allocatable", "daemonsets")):
        raise CapacityError(f"{key}: unknown key; allowed: nodes, allocatable, daemonsets")
    if values.content.get("allocatable") is None:
        raise CapacityError("allocatable: missing")
    nodes = values.needed("nodes")
    allocatable, most_pods = _amounts(values.section("allocatable"), MOST_PODS)
    daemonsets, taken = _amounts(values.section("daemonsets"), 0)
    node = Node(allocatable=allocatable, daemonsets=daemonsets, most_pods=most_pods - taken)
    return Pool(nodes=nodes, node=node)


def nodes_of(objects: Iterable[KubernetesObject]) -> list[Node]:
    """Read the nodes among objects, with no pod on them.

    Raises:
        CapacityError: a value is not possible; it names file, node and key.
    """
    return [_node(each) for each in objects if each.kind == NODE]


def _node(one: KubernetesObject) -> Node:
    section = Section(content=one.content)
    with prefixed(one.file):
        metadata, spec, status = (section.section(key) for key in ("metadata", "spec", "status"))
        name = plain(metadata.text("name"))
        with prefixed(f"Node {name}"):
            offered = "allocatable" if status.get("allocatable") is not None else "capacity"
            if status.get(offered) is None:
                raise CapacityError("status.allocatable: missing")
            amounts = status.section(offered)
            known = {key: each for key, each in amounts.content.items() if _is_counted(key)}
            allocatable, most_pods = _amounts(replace(amounts, content=known), MOST_PODS)
            taints = [_taint(each) for each in spec.sections("taints")]
            if spec.flag("unschedulable", default=False):
                taints.append(Taint(key=UNSCHEDULABLE, effect="NoSchedule"))
            labels = metadata.section("labels").content
            return Node(
                allocatable=allocatable,
                most_pods=most_pods,
                name=name,
                labels={plain(key): label(value) for key, value in labels.items()},
                taints=tuple(taints),
            )


def _is_counted(name: object) -> bool:
    return name == "pods" or is_resource(name)


def _taint(given: Section) -> Taint:
    return Taint(
        key=given.text("key"), effect=given.text("effect"), value=label(given.get("value"))
    )


def _amounts(section: Section, default: int) -> tuple[Resources, int]:
    """Read amounts of resources, and of pods."""
    quantities: dict[Any, Any] = dict(section.content)
    pods = quantities.pop("pods", None)
    with prefixed(section.path):
        if pods is not None:
            with prefixed("pods"):
                default = whole_number(pods)
        return Resources.parse(quantities), default


def occupied(node: Node, daemons: Sequence[Daemon]) -> tuple[Node, int]:
    """Return a node with the daemonset pods that are on it, and how many of them do not fit."""
    without_room = 0
    for each in daemons:
        refused = each.placement.refused(node.labels, node.taints)
        if refused if each.node is None else each.node != node.name:
            continue
        requests = node.counted(each.requests)
        left = node.usable - requests
        if min(left.cpu, left.memory, *left.others.values()) < 0 or node.most_pods < 1:
            without_room += 1
            continue
        node = replace(node, daemonsets=node.daemonsets + requests, most_pods=node.most_pods - 1)
    return node, without_room
