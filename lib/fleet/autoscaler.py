"""A horizontal pod autoscaler: from figures of pods to a number of pods, and why that number."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from fleet.quantity import CapacityError
from fleet.recommendation import TOLERANCE, Metered, Recommendation, check_target, recommend
from fleet.scaling import Behaviour, Change, fewest_allowed, most_allowed

SYNC_PERIOD: Final = 15
"""Seconds between two decisions: the default of Kubernetes' controller manager."""
_MOST_PODS: Final = 150_000
"""Of a cluster: the most that Kubernetes supports."""
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
    """One decision of the autoscaler."""

    replicas: int
    """Desired replicas."""
    recommended: Recommendation
    """What the metric alone recommends."""
    held_by: str
    """What limited the change, in words; empty if nothing did."""


class Autoscaler:
    """The state between two decisions: past recommendations and past changes.

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

        ``replicas`` are desired so far. The first call recommends them too, as the controller
        does when it begins: it takes nothing away before its window has passed.
        """
        scaling = self.scaling
        recommended = recommend(replicas, pods, scaling.target, scaling.tolerance)
        if not self._recommended:
            self._recommended.append((now, replicas))
        steady = self._stabilized(now, replicas, recommended.pods)
        allowed = self._by_policy(now, replicas, steady)
        bounded = scaling.bounded(allowed)
        if bounded != replicas:
            self._changes.append(Change(now, bounded - replicas))
        return Decision(
            replicas=bounded,
            recommended=recommended,
            held_by=_why(recommended.pods, steady, allowed, bounded),
        )

    def _stabilized(self, now: float, replicas: int, recommended: int) -> int:
        """Follow the lowest of the window for more pods, and the highest for fewer."""
        behaviour = self.scaling.behaviour
        self._recommended.append((now, recommended))
        longest = max(behaviour.up.window, behaviour.down.window)
        while self._recommended[0][0] < now - longest:
            self._recommended.popleft()
        up = min([recommended, *self._since(now - behaviour.up.window)])
        down = max([recommended, *self._since(now - behaviour.down.window)])
        return min(max(replicas, up), down)

    def _since(self, second: float) -> Iterator[int]:
        return (pods for at, pods in self._recommended if at > second)

    def _by_policy(self, now: float, replicas: int, recommended: int) -> int:
        rules = self.scaling.behaviour
        periods = [policy.period for each in (rules.up, rules.down) for policy in each.policies]
        while self._changes and self._changes[0].at <= now - max(periods, default=0):
            self._changes.popleft()
        if recommended > replicas:
            return min(recommended, most_allowed(rules.up, replicas, now, self._changes))
        if recommended < replicas:
            return max(recommended, fewest_allowed(rules.down, replicas, now, self._changes))
        return recommended


def _why(recommended: int, steady: int, allowed: int, bounded: int) -> str:
    if bounded != allowed:
        return "minReplicas" if bounded > allowed else "maxReplicas"
    if allowed != steady:
        return "policy"
    return "stabilization window" if steady != recommended else ""


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
    recommended = recommend(replicas, pods, scaling.target, scaling.tolerance)
    bounded = scaling.bounded(recommended.pods)
    return Decision(
        replicas=bounded,
        recommended=recommended,
        held_by=_why(recommended.pods, recommended.pods, recommended.pods, bounded),
    )
