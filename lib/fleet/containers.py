"""What several containers of a pod request together, and their limits.

As documented on "Sidecar Containers", section "Resource sharing within containers":
https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fleet.pods import PodResources, QosClass, Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container, an init container, or one of these that stays: a sidecar."""

    name: str = ""
    resources: PodResources = field(default_factory=PodResources)
    init: bool = False
    """Whether it runs before those that are not."""
    stays: bool = False
    """Of an init container: whether its ``restartPolicy`` is Always."""

    @property
    def runs(self) -> bool:
        """Whether it runs as long as the pod."""
        return self.stays or not self.init


def together(
    containers: Sequence[Container],
    *,
    pod: PodResources | None = None,
    overhead: Resources | None = None,
) -> PodResources:
    """Return the resources of a pod: its containers' by Kubernetes' rules, and its overhead.

    What is requested is what the containers need at once: all that run, or an init container and
    the sidecars that have started before it, whichever is more. ``pod`` is what the pod itself
    requests; it goes before these sums. A limit of the pod alone is no request as long as a
    container requests that resource.
    """
    if len(containers) == 1 and containers[0].runs and pod is None and overhead is None:
        return containers[0].resources
    own = pod or PodResources()
    cpu = _most(containers, lambda each: _first(each.cpu_request, each.cpu_limit))
    memory = _most(containers, lambda each: _first(each.memory_request, each.memory_limit))
    names = dict.fromkeys(name for each in containers for name in each.resources.others)
    others = {name: _most_of(containers, name) for name in names}
    return PodResources(
        cpu_request=_first(own.cpu_request, cpu),
        cpu_limit=_first(own.cpu_limit, _limit(containers, lambda each: each.cpu_limit)),
        memory_request=_first(own.memory_request, memory),
        memory_limit=_first(own.memory_limit, _limit(containers, lambda each: each.memory_limit)),
        others={**others, **own.others},
        overhead=overhead or Resources(),
        several=_class_of(containers) if own == PodResources() else own.qos,
    )


def _most(
    containers: Iterable[Container], amount: Callable[[PodResources], int | None]
) -> int | None:
    """Return the most that is needed at once; None if no container says."""
    amounts = [(each, amount(each.resources)) for each in containers]
    if all(needs is None for _, needs in amounts):
        return None
    running = sum(needs or 0 for each, needs in amounts if not each.init)
    sidecars = highest = 0
    for each, needs in amounts:
        if each.init:
            highest = max(highest, sidecars + (needs or 0))
            sidecars += (needs or 0) if each.stays else 0
    return max(running + sidecars, highest)


def _most_of(containers: Iterable[Container], name: str) -> int:
    return _most(containers, lambda each: each.others.get(name, 0)) or 0


def _limit(
    containers: Sequence[Container], amount: Callable[[PodResources], int | None]
) -> int | None:
    """Return the limit of the pod: none where a container has none."""
    if any(amount(each.resources) is None for each in containers):
        return None
    return _most(containers, amount)


def _class_of(containers: Iterable[Container]) -> QosClass:
    classes = {each.resources.qos for each in containers}
    return classes.pop() if len(classes) == 1 else QosClass.BURSTABLE


def _first(*amounts: int | None) -> int | None:
    return next((amount for amount in amounts if amount is not None), None)
