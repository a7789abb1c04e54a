"""Which nodes a pod may be placed on: node selectors, taints and tolerations.

As documented on "Taints and Tolerations" and "Assigning Pods to Nodes":
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fleet.quantity import plain

_KEEPS_AWAY: Final = ("NoSchedule", "NoExecute")
UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """A taint of a node."""

    key: str
    effect: str
    value: str = ""

    def __str__(self) -> str:
        value = f"={plain(self.value)}" if self.value else ""
        return f"{plain(self.key)}{value}:{plain(self.effect)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A toleration of a pod; an empty key or effect stands for all."""

    key: str = ""
    value: str | None = ""
    """None: any (the operator Exists)."""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        """Return whether the pod may be placed on a node in spite of that taint."""
        return (
            self.effect in ("", taint.effect)
            and (self.key == taint.key or (not self.key and self.value is None))
            and self.value in (None, taint.value)
        )


DAEMON_TOLERATIONS: Final = tuple(
    Toleration(key=f"node.kubernetes.io/{name}", value=None)
    for name in (
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
    )
)
"""What the DaemonSet controller adds to each of its pods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a pod asks of its node."""

    selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels that the node must have."""
    tolerations: tuple[Toleration, ...] = ()

    def refused(self, labels: Mapping[str, str] | None, taints: Iterable[Taint]) -> str:
        """Return why a node is not for this pod, in words; empty if it is.

        Where no labels are known (None), a selector is not counted.
        """
        for taint in taints:
            tolerated = any(each.tolerates(taint) for each in self.tolerations)
            if taint.effect in _KEEPS_AWAY and not tolerated:
                return "unschedulable" if taint.key == UNSCHEDULABLE else f"taint {taint}"
        for key, value in self.selector.items():
            if labels is not None and labels.get(key) != value:
                return f"no label {plain(key)}={plain(value)}"
        return ""
