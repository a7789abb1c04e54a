"""Memory against connections: the line, its error, and what decides between two lines."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ghosts.evidence.records import InspectedPod, fact
from ghosts.paths import DATA

Regressor = Literal["ghosts", "gauge", "tcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A least-squares line of a pod's memory (MiB) on one count of its connections."""

    regressor: Regressor
    n: int
    slope: float
    """MiB per connection."""
    slope_se: float
    intercept: float
    """MiB at a count of zero."""
    intercept_se: float
    r_squared: float
    residual_sd: float
    """MiB, on n - 2 degrees of freedom."""

    def predict(self, connections: float) -> float:
        """Return the memory, in MiB, that the line predicts for a number of connections."""
        return self.intercept + self.slope * connections

    def count(self, pod: InspectedPod) -> int:
        """Return the count of a pod's connections that this line goes by."""
        return _count(pod, self.regressor)

    def residual(self, pod: InspectedPod) -> float:
        """Return the MiB by which a pod's memory lies above the line."""
        return _memory(pod) - self.predict(self.count(pod))

    def slope_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the slope's confidence interval, in MiB per connection."""
        from scipy import stats  # half a second, which a picture does not need

        reach = float(stats.t.ppf((1 + confidence) / 2, self.n - 2)) * self.slope_se
        return self.slope - reach, self.slope + reach


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The fit without one pod, and its prediction for that pod (MiB)."""

    pod: InspectedPod
    fit: Fit
    predicted: float


def with_memory(pods: Iterable[InspectedPod]) -> tuple[InspectedPod, ...]:
    """Keep the pods whose memory was published."""
    return tuple(pod for pod in pods if pod.memory_mib is not None)


def fit(pods: Iterable[InspectedPod], regressor: Regressor = "ghosts") -> Fit:
    """Fit memory on one count, over the pods with a published memory; at least three are needed."""
    from scipy import stats  # half a second, which a picture does not need

    known = with_memory(pods)
    if len(known) < 3:
        raise ValueError(f"a line and its error need at least 3 pods with memory, not {len(known)}")
    counts = [_count(pod, regressor) for pod in known]
    memory = [_memory(pod) for pod in known]
    line = stats.linregress(counts, memory)
    squares = (
        (y - line.intercept - line.slope * x) ** 2 for x, y in zip(counts, memory, strict=True)
    )
    return Fit(
        regressor=regressor,
        n=len(known),
        slope=float(line.slope),
        slope_se=float(line.stderr),
        intercept=float(line.intercept),
        intercept_se=float(line.intercept_stderr),
        r_squared=float(line.rvalue**2),
        residual_sd=math.sqrt(sum(squares) / (len(known) - 2)),
    )


def leave_one_out(
    pods: Iterable[InspectedPod], regressor: Regressor = "ghosts"
) -> tuple[LeftOut, ...]:
    """Fit once without each pod: how far does the line rest on any one of them?"""
    known = with_memory(pods)
    if len(known) < 4:
        raise ValueError(f"leaving one out needs at least 4 pods with memory, not {len(known)}")
    without = []
    for pod in known:
        rest = fit((other for other in known if other is not pod), regressor)
        predicted = rest.predict(_count(pod, regressor))
        without.append(LeftOut(pod=pod, fit=rest, predicted=predicted))
    return tuple(without)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinaryPods:
    """The average of all pods of 2026-05-13 but the largest: no ghosts to speak of."""

    pods: int
    memory_mib: float
    live_connections: float

    def count(self, regressor: Regressor) -> float:
        """Return their connections of this sort; they count as free of ghosts."""
        return 0.0 if regressor == "ghosts" else self.live_connections

    def miss(self, line: Fit) -> float:
        """Return how many MiB above their memory a line puts them."""
        return line.predict(self.count(line.regressor)) - self.memory_mib


def ordinary_pods(folder: Path = DATA) -> OrdinaryPods:
    """Return the fleet's other pods, which decide between ghosts and gauge as the regressor."""
    return OrdinaryPods(
        pods=round(fact("other_pods", folder).value),
        memory_mib=fact("other_pods_memory_mean", folder).value,
        live_connections=fact("live_connections_per_pod", folder).value,
    )


def _count(pod: InspectedPod, regressor: Regressor) -> int:
    counts = {"ghosts": pod.ghosts, "gauge": pod.gauge, "tcp": pod.tcp}
    return counts[regressor]


def _memory(pod: InspectedPod) -> float:
    if pod.memory_mib is None:
        raise ValueError(f"the memory of pod {pod.pod} was not published")
    return pod.memory_mib
