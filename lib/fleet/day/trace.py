"""The trace of a simulated day: a sample a minute, and the events of pods."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from fleet.day.day import HOUR


class EventKind(StrEnum):
    """What can happen to a pod."""

    EXHAUSTED = "all upload workers blocked"
    UNREADY = "readiness probe failed"
    KILLED = "liveness probe failed"
    OUT_OF_MEMORY = "out of memory"
    EVICTED = "evicted"
    REPLACED = "replaced by a rollout"
    SCALED_DOWN = "removed by the autoscaler"


RESTARTS = (EventKind.KILLED, EventKind.OUT_OF_MEMORY)
"""The events after which the same pod has a new container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a pod, at a second of the day."""

    t: float
    kind: EventKind
    pod: int
    ghosts: int
    """Ghosts of the pod just before the event."""


@dataclass(frozen=True, slots=True)
class PodSample:
    """One Running pod at one second of the day."""

    number: int
    uptime: float
    """Seconds since its container started; 0 while a container is being replaced."""
    live: int
    """Connections with a device."""
    ghosts: int
    blocked: int
    """Blocked upload workers."""
    mib: float
    """Memory."""

    def __reduce__(self) -> tuple[type[Self], tuple[float, ...]]:
        # A trace from another process has 30,000 of these: by their fields, one by one, pickling
        # them takes four times as long.
        values = (self.number, self.uptime, self.live, self.ghosts, self.blocked, self.mib)
        return type(self), values


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The fleet at one second of the day."""

    t: float
    desired: int
    """Replicas that the autoscaler has set."""
    pending: int
    """Pods that no node has room for."""
    terminating: int
    """Pods that are terminating: their requests still count on their node."""
    pods: tuple[PodSample, ...]
    """The Running pods, in the order of their creation: on a node and not terminating."""
    lost_mib: float
    """Audio that has been lost so far."""

    @property
    def running(self) -> int:
        """Number of Running pods."""
        return len(self.pods)

    @property
    def live(self) -> int:
        """Connections with a device."""
        return sum(pod.live for pod in self.pods)

    @property
    def ghosts(self) -> int:
        """Ghosts of all Running pods."""
        return sum(pod.ghosts for pod in self.pods)

    @property
    def largest(self) -> PodSample | None:
        """The Running pod with the most memory; None if there is none."""
        return max(self.pods, key=lambda pod: pod.mib, default=None)

    @property
    def gauge(self) -> int:
        """Sum of the gauges: live connections and ghosts."""
        return self.live + self.ghosts

    @property
    def mean_gauge(self) -> float:
        """Mean gauge of the Running pods.

        The autoscaler's mean is that of the ready pods; they differ during a start.
        """
        return self.gauge / self.running if self.pods else 0.0

    @property
    def mean_live(self) -> float:
        """Mean number of live connections of the Running pods."""
        return self.live / self.running if self.pods else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One day, sampled once a minute. The same plan gives the same trace."""

    samples: tuple[Sample, ...]
    events: tuple[Event, ...]

    def at(self, hour: float) -> Sample:
        """Return the last sample at or before that hour, or the first of all."""
        return [self.samples[0], *(each for each in self.samples if each.t <= hour * HOUR)][-1]

    def when(self, ghosts: int) -> Sample | None:
        """Return the first sample with at least that many ghosts; None if there is none."""
        return next((each for each in self.samples if each.ghosts >= ghosts), None)

    def count(self, *kinds: EventKind) -> int:
        """Return the number of events of these kinds."""
        return sum(event.kind in kinds for event in self.events)

    @property
    def rollouts(self) -> tuple[tuple[float, float], ...]:
        """The seconds at which each rollout terminated its first and its last pod.

        A pod that is replaced an hour or more after the one before it belongs to another rollout.
        """
        spans: list[tuple[float, float]] = []
        for event in self.events:
            if event.kind is EventKind.REPLACED:
                same = bool(spans) and event.t - spans[-1][1] < HOUR
                first = spans.pop()[0] if same else event.t
                spans.append((first, event.t))
        return tuple(spans)

    @property
    def most_desired(self) -> int:
        """Largest number of desired replicas."""
        return max(sample.desired for sample in self.samples)

    @property
    def most_pending(self) -> int:
        """Largest number of pods that were Pending at once."""
        return max(sample.pending for sample in self.samples)

    @property
    def most_ghosts(self) -> int:
        """Largest number of ghosts at once."""
        return max(sample.ghosts for sample in self.samples)

    @property
    def largest_mib(self) -> float:
        """Largest memory of one pod."""
        return max(pod.mib for sample in self.samples for pod in sample.pods)
