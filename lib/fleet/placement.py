"""Which nodes a pod may be placed on: node selectors, taints and tolerations.

As documented on "Taints and Tolerations" and "Assigning Pods to Nodes":
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fleet.quantity import plain

_INTEGER: Final = re.compile("-?[0-9]{1,19}")
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


class Operator(StrEnum):
    """What a requirement of a node affinity asks of a label."""

    IN = "In"
    NOT_IN = "NotIn"
    """It is none of the values, or not there."""
    EXISTS = "Exists"
    ABSENT = "DoesNotExist"
    ABOVE = "Gt"
    """It is a whole number above the only value."""
    BELOW = "Lt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One of the ``matchExpressions`` of a node affinity."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Return whether a node with these labels meets it."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.EXISTS | Operator.ABSENT:
                return (value is not None) == (self.operator is Operator.EXISTS)
            case Operator.IN | Operator.NOT_IN:
                return (value in self.values) == (self.operator is Operator.IN)
        numbers = [_number(each) for each in (value or "", *self.values)]
        if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
            return False
        label, bound = numbers[0], numbers[1]
        return label > bound if self.operator is Operator.ABOVE else label < bound

    def __str__(self) -> str:
        values = " ".join(plain(each) for each in self.values)
        return f"{plain(self.key)} {self.operator} {values}".rstrip()


def _number(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a pod asks of its node."""

    selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels that the node must have."""
    affinity: tuple[tuple[Requirement, ...], ...] = ()
    """The terms of the required node affinity: the node has to meet all requirements of one."""
    tolerations: tuple[Toleration, ...] = ()

    def refused(self, labels: Mapping[str, str] | None, taints: Iterable[Taint]) -> str:
        """Return why a node is not for this pod, in words; empty if it is.

        Where no labels are known (None), a selector and an affinity are not counted.
        """
        for taint in taints:
            tolerated = any(each.tolerates(taint) for each in self.tolerations)
            if taint.effect in _KEEPS_AWAY and not tolerated:
                return "unschedulable" if taint.key == UNSCHEDULABLE else f"taint {taint}"
        for key, value in self.selector.items():
            if labels is not None and labels.get(key) != value:
                return f"no label {plain(key)}={plain(value)}"
        if labels is not None and not self._has_affinity(labels):
            terms = [" and ".join(map(str, term)) for term in self.affinity]
            return f"affinity: {' or '.join(terms)}"
        return ""

    @property
    def by_labels(self) -> str:
        """What goes by the labels of nodes, by the names of its keys; empty if nothing does."""
        given = {"nodeSelector": self.selector, "nodeAffinity": self.affinity}
        return " and ".join(name for name, value in given.items() if value)

    def _has_affinity(self, labels: Mapping[str, str]) -> bool:
        # A term without requirements is met by no node.
        terms = self.affinity
        return not terms or any(term and all(one.met(labels) for one in term) for term in terms)
