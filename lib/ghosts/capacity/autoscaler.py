"""A horizontal pod autoscaler: from figures of pods to a number of pods, and why that number."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ghosts.capacity.quantity import CapacityError
from ghosts.capacity.recommendation import (
    TOLERANCE,
    Metered,
    Recommendation,
    check_target,
    recommend,
)
from ghosts.capacity.scaling import Behaviour, Change, fewest_allowed, most_allowed

SYNC_PERIOD: Final = 15
"""Seconds between two looks: the default of Kubernetes' controller manager."""
_MOST_PODS: Final = 150_000
"""Of a cluster: as far as Kubernetes is meant to go."""
_MOST_METRIC: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """An autoscaler's settings.

    Raises:
        CapacityError: the bounds are the wrong way round, or a figure is not above 0.
    """

    fewest: int
    """Pods (minReplicas)."""
    most: int
    """Pods (maxReplicas)."""
    target: float
    """Of the metric, as a mean over the pods."""
    tolerance: float = TOLERANCE
    behaviour: Behaviour = field(default_factory=Behaviour)

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most:
            raise CapacityError(
                f"minReplicas {self.fewest}, maxReplicas {self.most}: "
                "should be 1 or more, and not above the other"
            )
        check_target(self.target)
        if not 0 <= self.tolerance < 1:
            raise CapacityError(f"tolerance: {self.tolerance:g} is not within 0 and 1")

    def bounded(self, pods: int) -> int:
        """Return that number, or the bound that it is beyond."""
        return min(max(pods, self.fewest), self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One look of the autoscaler."""

    replicas: int
    """Pods it asks for."""
    wanted: Recommendation
    """What the metric alone asks for."""
    held_by: str
    """What kept it from that, in words; empty where nothing did."""


class Autoscaler:
    """The state between two looks: what was recommended, and what was changed.

    Times are seconds of any clock that does not go back.
    """

    def __init__(self, scaling: Scaling) -> None:
        self.scaling = scaling
        self._recommended: deque[tuple[float, int]] = deque()
        self._changes: deque[Change] = deque()

    def __repr__(self) -> str:
        return (
            f"<Autoscaler {self.scaling.fewest} to {self.scaling.most}, "
            f"{len(self._recommended)} recommendations, {len(self._changes)} changes>"
        )

    def look(self, now: float, replicas: int, pods: Sequence[Metered]) -> Decision:
        """Decide once, at second ``now``; the decision counts as carried out.

        ``replicas`` are asked for so far. The first call recommends them too, as the controller
        does when it begins: it takes nothing away before its window has passed.
        """
        scaling = self.scaling
        wanted = recommend(replicas, pods, scaling.target, scaling.tolerance)
        if not self._recommended:
            self._recommended.append((now, replicas))
        steady = self._stabilized(now, replicas, wanted.pods)
        allowed = self._by_policy(now, replicas, steady)
        bounded = scaling.bounded(allowed)
        if bounded != replicas:
            self._changes.append(Change(now, bounded - replicas))
        return Decision(
            replicas=bounded, wanted=wanted, held_by=_why(wanted.pods, steady, allowed, bounded)
        )

    def _stabilized(self, now: float, replicas: int, wanted: int) -> int:
        """Follow the lowest of the window for more pods, and the highest for fewer."""
        behaviour = self.scaling.behaviour
        self._recommended.append((now, wanted))
        longest = max(behaviour.up.window, behaviour.down.window)
        while self._recommended[0][0] < now - longest:
            self._recommended.popleft()
        up = min([wanted, *self._since(now - behaviour.up.window)])
        down = max([wanted, *self._since(now - behaviour.down.window)])
        return min(max(replicas, up), down)

    def _since(self, second: float) -> Iterator[int]:
        return (pods for at, pods in self._recommended if at > second)

    def _by_policy(self, now: float, replicas: int, wanted: int) -> int:
        rules = self.scaling.behaviour
        periods = [policy.period for each in (rules.up, rules.down) for policy in each.policies]
        while self._changes and self._changes[0].at <= now - max(periods, default=0):
            self._changes.popleft()
        if wanted > replicas:
            return min(wanted, most_allowed(rules.up, replicas, now, self._changes))
        if wanted < replicas:
            return max(wanted, fewest_allowed(rules.down, replicas, now, self._changes))
        return wanted


def _why(wanted: int, steady: int, allowed: int, bounded: int) -> str:
    if bounded != allowed:
        return "minReplicas" if bounded > allowed else "maxReplicas"
    if allowed != steady:
        return "policy"
    return "stabilization window" if steady != wanted else ""


def decide(scaling: Scaling, replicas: int, mean: float) -> Decision:
    """Decide where all pods are ready and have that mean, windows and policies aside.

    Raises:
        CapacityError: there is no pod to have a mean, or more than a cluster has, or this is no
            mean.
    """
    if mean > _MOST_METRIC:
        raise CapacityError(f"a mean of {mean:g} connections: should be {_MOST_METRIC:,} at most")
    if not 1 <= replicas <= _MOST_PODS:
        raise CapacityError(f"{replicas} pods: should be 1 to {_MOST_PODS}")
    pods = [Metered(value=mean)] * replicas
    wanted = recommend(replicas, pods, scaling.target, scaling.tolerance)
    bounded = scaling.bounded(wanted.pods)
    return Decision(
        replicas=bounded,
        wanted=wanted,
        held_by=_why(wanted.pods, wanted.pods, wanted.pods, bounded),
    )
