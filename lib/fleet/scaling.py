"""How fast an autoscaler may follow the metric: windows and policies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fleet.quantity import CapacityError

_LONGEST_PERIOD: Final = 1800
_LONGEST_WINDOW: Final = 3600


class PolicyType(StrEnum):
    """What a policy counts in."""

    PODS = "Pods"
    PERCENT = "Percent"


class Select(StrEnum):
    """Which of several policies is obeyed."""

    MAX = "Max"
    """The one that allows the largest change."""
    MIN = "Min"
    DISABLED = "Disabled"
    """None: no change in that direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The most pods, or the largest share of them, that may change in a period.

    Raises:
        CapacityError: a figure is outside what Kubernetes takes.
    """

    type: PolicyType
    value: int
    period: int
    """Seconds."""

    def __post_init__(self) -> None:
        if self.value < 1:
            raise CapacityError(f"value: {self.value} of a policy is below 1")
        if not 1 <= self.period <= _LONGEST_PERIOD:
            raise CapacityError(
                f"periodSeconds: {self.period} is not within 1 to {_LONGEST_PERIOD}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules for one direction: up or down.

    Raises:
        CapacityError: the window is outside what Kubernetes takes, the tolerance is below 0, or
            there is no policy.
    """

    window: int
    """Seconds: the most cautious recommendation of this window is followed."""
    policies: tuple[Policy, ...]
    select: Select = Select.MAX
    tolerance: float | None = None
    """How far the ratio may be from 1 without consequence; None: that of the cluster."""

    def __post_init__(self) -> None:
        if not 0 <= self.window <= _LONGEST_WINDOW:
            raise CapacityError(
                f"stabilizationWindowSeconds: {self.window} is not within 0 to {_LONGEST_WINDOW}"
            )
        if self.tolerance is not None and not self.tolerance >= 0:
            raise CapacityError(f"tolerance: {self.tolerance:g} is below 0")
        if not self.policies and self.select is not Select.DISABLED:
            raise CapacityError(
                "policies: should be at least one; got none; to forbid changes set "
                "selectPolicy: Disabled"
            )


def _default_up() -> Rules:
    return Rules(
        window=0,
        policies=(
            Policy(type=PolicyType.PODS, value=4, period=15),
            Policy(type=PolicyType.PERCENT, value=100, period=15),
        ),
    )


def _default_down() -> Rules:
    return Rules(window=300, policies=(Policy(type=PolicyType.PERCENT, value=100, period=15),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Both directions; what is not given is Kubernetes' default."""

    up: Rules = field(default_factory=_default_up)
    down: Rules = field(default_factory=_default_down)


@dataclass(frozen=True, slots=True)
class Change:
    """Pods that were added at a second, or taken away."""

    at: float
    pods: int


def most_allowed(rules: Rules, replicas: int, now: float, changes: Sequence[Change]) -> int:
    """Return how many pods the policies allow at most, scaling up at second ``now``.

    ``changes`` are those made so far, with those below 0 that took pods away.
    """
    if rules.select is Select.DISABLED:
        return replicas
    choose = max if rules.select is Select.MAX else min
    allowed = []
    for policy in rules.policies:
        start = _at_start_of(policy, replicas, now, changes)
        in_pods = policy.type is PolicyType.PODS
        allowed.append(start + policy.value if in_pods else -(-start * (100 + policy.value) // 100))
    return max(replicas, choose(allowed))


def fewest_allowed(rules: Rules, replicas: int, now: float, changes: Sequence[Change]) -> int:
    """Return how many pods the policies leave at least, scaling down at second ``now``."""
    if rules.select is Select.DISABLED:
        return replicas
    choose = min if rules.select is Select.MAX else max
    left = []
    for policy in rules.policies:
        start = _at_start_of(policy, replicas, now, changes)
        in_pods = policy.type is PolicyType.PODS
        left.append(start - policy.value if in_pods else start * (100 - policy.value) // 100)
    return min(replicas, choose(left))


def _at_start_of(policy: Policy, replicas: int, now: float, changes: Sequence[Change]) -> int:
    return replicas - sum(each.pods for each in changes if each.at > now - policy.period)
