"""How many pods fit a node and a pool of nodes, and which resource is used up first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

from fleet.placement import Placement, Taint
from fleet.pods import STORAGE, PodResources, Resources
from fleet.quantity import CapacityError

MOST_PODS: Final = 110
"""Pods that a node takes: the kubelet's default."""


class Binding(StrEnum):
    """The limits that every node has, and that one more pod could exceed.

    Any other resource goes by its name.
    """

    CPU = "cpu"
    MEMORY = "memory"
    PODS = "pods"
    """The number of pods that a node takes, whatever they request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node, and the daemonsets on it.

    Raises:
        CapacityError: its daemonsets request more than it has.
    """

    allocatable: Resources
    """What the kubelet gives to pods: the machine less what the system keeps."""
    daemonsets: Resources = field(default_factory=Resources)
    """What the pods that run on every node request."""
    most_pods: int = MOST_PODS
    """Most pods of the service (the kubelet's default for all pods of a node)."""
    name: str = ""
    labels: Mapping[str, str] | None = field(default=None, hash=False)
    """None: not known."""
    taints: tuple[Taint, ...] = ()

    def __post_init__(self) -> None:
        usable = self.usable
        if min(usable.cpu, usable.memory, *usable.others.values()) < 0:
            raise CapacityError(
                f"daemonsets request {self.daemonsets} of a node that has {self.allocatable}"
            )
        if self.most_pods < 0:
            raise CapacityError("daemonsets have more pods than a node takes")

    @property
    def usable(self) -> Resources:
        """What is left for the service's pods."""
        return self.allocatable - self.daemonsets

    def counts(self, name: str) -> bool:
        """Return whether the amount of a resource is known: 0 if it is not in the list.

        Only ``ephemeral-storage`` is on every node, and may not be in a list written by hand.
        """
        return name != STORAGE or name in self.allocatable.others

    def counted(self, requests: Resources) -> Resources:
        """Return the part of what a pod requests of which the amount is known."""
        others = {name: each for name, each in requests.others.items() if self.counts(name)}
        return replace(requests, others=others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Pods of one kind on the nodes of one pool."""

    nodes: int
    per_node: int
    """Pods that fit a node that has none of them yet."""
    binding: str
    """What is used up first: a :class:`Binding`, or another resource by its name."""
    lacks: tuple[str, ...]
    """All that one more pod on a node would have too little of."""
    slack: Resources
    """What each node has left when full, of what a pod requests."""

    @property
    def pods(self) -> int:
        """Pods that fit the pool."""
        return self.nodes * self.per_node


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Nodes that are alike, with nothing on them but daemonsets.

    Raises:
        CapacityError: there are fewer than 0.
    """

    nodes: int
    node: Node

    def __post_init__(self) -> None:
        if self.nodes < 0:
            raise CapacityError(f"nodes: {self.nodes} is below 0")

    def fit(self, pod: PodResources) -> Fit:
        """Return how many pods fit, by requests alone, as the scheduler counts."""
        usable, requests = self.node.usable, self.node.counted(pod.requests)
        counted = list(requests.others)
        room: dict[str, Fraction | float] = {
            name: _share(usable.of(name), requests.of(name))
            for name in (Binding.CPU, Binding.MEMORY, *counted)
        }
        room[Binding.PODS] = self.node.most_pods
        binding = min(room, key=lambda each: room[each])
        per_node = math.floor(room[binding])
        return Fit(
            nodes=self.nodes,
            per_node=per_node,
            binding=binding,
            lacks=tuple(name for name, share in room.items() if share < per_node + 1),
            slack=Resources(
                cpu=usable.cpu - requests.cpu * per_node,
                memory=usable.memory - requests.memory * per_node,
                others={name: usable.of(name) - requests.of(name) * per_node for name in counted},
            ),
        )


def insufficient(pod: PodResources, free: Resources) -> tuple[Binding, ...]:
    """Return of cpu and memory what a node has too little free of for a pod; none if it fits."""
    short = {
        Binding.CPU: pod.requests.cpu > free.cpu,
        Binding.MEMORY: pod.requests.memory > free.memory,
    }
    return tuple(name for name, lacks in short.items() if lacks)


def unknown_of_nodes(requests: Resources, placement: Placement, nodes: Sequence[Node]) -> list[str]:
    """Return what of a pod no node can be judged by, in words."""
    parts = []
    if placement.by_labels and any(node.labels is None for node in nodes):
        parts.append(f"{placement.by_labels}, as the labels of the nodes are not known")
    for name in requests.others:
        if not all(node.counts(name) for node in nodes):
            parts.append(f"{name}, as the pool does not list it")
    return parts


def _share(usable: int, request: int) -> Fraction | float:
    return Fraction(usable, request) if request else math.inf
