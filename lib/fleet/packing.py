"""How many pods fit a node and a pool of nodes, and which resource is used up first."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from fleet.pods import PodResources, Resources
from fleet.quantity import CapacityError


class Binding(StrEnum):
    """The limit that one more pod on a node would exceed."""

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
    most_pods: int = 110
    """Most pods of the service (the kubelet's default for all pods of a node)."""

    def __post_init__(self) -> None:
        if min(self.usable.cpu, self.usable.memory) < 0:
            raise CapacityError(
                f"daemonsets request {self.daemonsets} of a node that has {self.allocatable}"
            )

    @property
    def usable(self) -> Resources:
        """What is left for the service's pods."""
        return self.allocatable - self.daemonsets


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Pods of one kind on the nodes of one pool."""

    nodes: int
    per_node: int
    """Pods that fit a node that has none of them yet."""
    binding: Binding
    """What is used up first."""
    slack: Resources
    """What each node has left when full: less than a pod requests."""

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
        usable = self.node.usable
        room = {
            Binding.CPU: _share(usable.cpu, pod.requests.cpu),
            Binding.MEMORY: _share(usable.memory, pod.requests.memory),
            Binding.PODS: self.node.most_pods,
        }
        binding = min(room, key=lambda each: room[each])
        per_node = math.floor(room[binding])
        return Fit(
            nodes=self.nodes,
            per_node=per_node,
            binding=binding,
            slack=usable - pod.requests * per_node,
        )


def insufficient(pod: PodResources, free: Resources) -> tuple[Binding, ...]:
    """Return the resources of which a node has too little free for a pod; none if it fits."""
    short = {
        Binding.CPU: pod.requests.cpu > free.cpu,
        Binding.MEMORY: pod.requests.memory > free.memory,
    }
    return tuple(name for name, lacks in short.items() if lacks)


def _share(usable: int, request: int) -> Fraction | float:
    return Fraction(usable, request) if request else math.inf
