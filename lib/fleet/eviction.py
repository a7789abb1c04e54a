"""Which pods are evicted when a node runs short of memory, and which are killed before that."""

from collections.abc import Iterable
from dataclasses import dataclass

from fleet.packing import Node
from fleet.pods import PodResources


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A pod and the memory that it has in use."""

    name: str
    resources: PodResources
    memory: int
    """Bytes."""
    priority: int = 0
    """Of its priority class; the higher stays longer."""

    @property
    def above_request(self) -> int:
        """Bytes in use beyond its request; below 0 where it uses less."""
        return self.memory - self.resources.requests.memory

    @property
    def above_limit(self) -> bool:
        """Whether it uses more than its limit: its container is killed for it (exit code 137)."""
        limit = self.resources.memory_limit
        return limit is not None and self.memory > limit


def eviction_order(pods: Iterable[Use]) -> list[Use]:
    """Rank pods as the kubelet does under memory pressure, the first to go first.

    Those that use more than their request come first, by priority and then by how much more;
    the others, by priority and then by how near they are to their request.
    """
    return sorted(pods, key=lambda pod: (pod.above_request <= 0, pod.priority, -pod.above_request))


def eviction_candidates(pods: Iterable[Use]) -> list[Use]:
    """Those of them that use more than their request: the first to go first."""
    return [pod for pod in eviction_order(pods) if pod.above_request > 0]


def evictions(node: Node, pods: Iterable[Use]) -> list[Use]:
    """Return the pods to evict, in that order, until the others fit the node.

    The daemonsets are taken to use what they request.
    """
    there = list(pods)
    # Not of node.usable, which adds up all resources: a node is checked each minute of a day.
    usable = node.allocatable.memory - node.daemonsets.memory
    missing = sum([pod.memory for pod in there]) - usable
    evicted: list[Use] = []
    if missing <= 0:  # nearly always
        return evicted
    for pod in eviction_order(there):
        if missing <= 0:
            break
        missing -= pod.memory
        evicted.append(pod)
    return evicted
