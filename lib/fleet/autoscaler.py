"""A horizontal pod autoscaler: from figures of pods to a number of pods, and why that number."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fleet.quantity import CapacityError
from fleet.recommendation import (
    TOLERANCE,
    Metered,
    Reason,
    Recommendation,
    Tolerance,
    recommend,
)
from fleet.scaling import Behaviour, Change, fewest_allowed, most_allowed
from fleet.targets import Source, Target

SYNC_PERIOD: Final = 15
"""Seconds between two decisions: the default of Kubernetes' controller manager."""
_MOST_PODS: Final = 150_000
"""Of a cluster: the most that Kubernetes supports."""


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
    targets: tuple[Target, ...]
    """Of each metric; the one that recommends most pods decides."""
    tolerance: float = TOLERANCE
    """The cluster's, where the behaviour has none."""
    behaviour: Behaviour = field(default_factory=Behaviour)

    def __post_init__(self) -> None:
        if not self._least <= self.fewest <= self.most or self.most < 1:
            zero = " (0 needs an Object or External metric)" if self.fewest == 0 else ""
            raise CapacityError(
                f"minReplicas {self.fewest}, maxReplicas {self.most}: "
                f"should be {self._least} or more{zero}, and not above the other"
            )
        if not 0 <= self.tolerance < 1:
            raise CapacityError(f"tolerance: {self.tolerance:g} is not within 0 and 1")

    @property
    def _least(self) -> int:
        """0 pods can only be left by a metric that is not of pods."""
        sources = {target.source for target in self.targets}
        return 0 if sources & {Source.OBJECT, Source.EXTERNAL} else 1

    @property
    def only(self) -> Target:
        """The target of the only metric.

        Raises:
            CapacityError: there are several, or none.
        """
        if len(self.targets) != 1:
            names = ", ".join(target.metric for target in self.targets) or "none"
            raise CapacityError(f"should be scaled by one metric; got {names}")
        return self.targets[0]

    @property
    def target(self) -> float:
        """The value of that target."""
        return self.only.value

    @property
    def tolerances(self) -> Tolerance:
        """The tolerance of each direction."""
        up, down = self.behaviour.up.tolerance, self.behaviour.down.tolerance
        return Tolerance(
            up=self.tolerance if up is None else up,
            down=self.tolerance if down is None else down,
        )

    def recommend(
        self, replicas: int, readings: Mapping[str, Sequence[Metered]]
    ) -> tuple[str, Recommendation]:
        """Return the metric that recommends most pods, by its name, and what it recommends.

        ``readings`` are the pods by metric. A metric that is left out recommends nothing, and
        then none of the others is followed to fewer pods.

        Raises:
            CapacityError: there is no reading of any of its metrics.
        """
        each = {
            target.metric: recommend(
                replicas,
                readings[target.metric],
                target.value,
                self.tolerances,
                whole=target.utilization,
            )
            for target in self.targets
            if target.metric in readings
        }
        if not each:
            raise CapacityError("no figure of any metric that it scales by")
        metric = max(each, key=lambda name: each[name].pods)
        highest = each[metric]
        if len(each) < len(self.targets) and highest.pods < replicas:
            return metric, replace(highest, pods=replicas, reason=Reason.UNKNOWN)
        return metric, highest

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
    metric: str
    """The metric that recommended it."""


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

    def look(
        self, now: float, replicas: int, readings: Mapping[str, Sequence[Metered]]
    ) -> Decision:
        """Decide once, at second ``now``; the decision counts as carried out.

        ``replicas`` are desired so far; ``readings`` are the pods by metric. The first call
        recommends ``replicas`` too, as the controller does when it begins: it takes nothing away
        before its window has passed.
        """
        scaling = self.scaling
        metric, recommended = scaling.recommend(replicas, readings)
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
            metric=metric,
        )

    def _stabilized(self, now: float, replicas: int, recommended: int) -> int:
        """Follow the lowest of the window for more pods, and the highest for fewer."""
        behaviour = self.scaling.behaviour
        self._recommended.append((now, recommended))
        longest = max(behaviour.up.window, behaviour.down.window)
        while self._recommended[0][0] < now - longest:
            self._recommended.popleft()
        if recommended > replicas:
            return max(replicas, min([recommended, *self._since(now - behaviour.up.window)]))
        if recommended < replicas:
            return min(replicas, max([recommended, *self._since(now - behaviour.down.window)]))
        return recommended

    def _since(self, second: float) -> list[int]:
        return [pods for at, pods in self._recommended if at > second]

    def _by_policy(self, now: float, replicas: int, recommended: int) -> int:
        rules = self.scaling.behaviour
        periods = [policy.period for each in (rules.up, rules.down) for policy in each.policies]
        while self._changes and self._changes[0].at <= now - max(periods, default=0):
            self._changes.popleft()
        return _allowed(rules, replicas, recommended, now, self._changes)


def _allowed(
    rules: Behaviour, replicas: int, recommended: int, now: float, changes: Sequence[Change]
) -> int:
    """Return what the policies leave of a recommendation."""
    if recommended > replicas:
        return min(recommended, most_allowed(rules.up, replicas, now, changes))
    if recommended < replicas:
        return max(recommended, fewest_allowed(rules.down, replicas, now, changes))
    return recommended


def _why(recommended: int, steady: int, allowed: int, bounded: int) -> str:
    if bounded != allowed:
        return "minReplicas" if bounded > allowed else "maxReplicas"
    if allowed != steady:
        return "policy"
    return "stabilization window" if steady != recommended else ""


def decide(
    scaling: Scaling,
    replicas: int,
    means: float | Mapping[str, float],
    *,
    by_policy: bool = False,
) -> Decision:
    """Decide where all pods are ready and have these means, windows aside.

    ``means`` is the mean of the only metric, or that of each by its name; of a metric that is held
    at a total, the total. ``by_policy`` is whether policies limit the decision, with no change
    before it; without them it is what decisions end at.

    Raises:
        CapacityError: there is no pod to have a mean, or more than a cluster has, or this is no
            mean, or no metric has one.
    """
    if not 1 <= replicas <= _MOST_PODS:
        raise CapacityError(f"{replicas} pods: should be 1 to {_MOST_PODS}")
    of = means if isinstance(means, Mapping) else {scaling.only.metric: means}
    targets = [target for target in scaling.targets if target.metric in of]
    readings = {
        target.metric: [Metered(value=target.read(of[target.metric]))] * replicas
        for target in targets
    }
    metric, recommended = scaling.recommend(replicas, readings)
    pods = recommended.pods
    allowed = _allowed(scaling.behaviour, replicas, pods, 0, ()) if by_policy else pods
    bounded = scaling.bounded(allowed)
    return Decision(
        replicas=bounded,
        recommended=recommended,
        held_by=_why(pods, pods, allowed, bounded),
        metric=metric,
    )
