"""What a day of the fleet looked like."""

from dataclasses import dataclass
from enum import StrEnum

from ghosts.capacity.fleet.day import HOUR


class EventKind(StrEnum):
    """What can happen to a pod."""

    EXHAUSTED = "storage threads exhausted"
    UNREADY = "readiness probe failed"
    KILLED = "liveness probe failed"
    OUT_OF_MEMORY = "out of memory"
    EVICTED = "evicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a pod, at a second of the day."""

    t: float
    kind: EventKind
    pod: int
    ghosts: int
    """That the pod had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The fleet at one second of the day."""

    t: float
    asked: int
    """Pods that the autoscaler asks for."""
    running: int
    """Pods that are on a node, and are not about to end."""
    pending: int
    """Pods that no node has room for."""
    live: int
    """Connections behind which there is a device."""
    ghosts: int
    largest_ghosts: int
    """Ghosts of the pod with the most memory."""
    largest_mib: float
    """Memory of that pod."""
    lost_mib: float
    """Audio that has been lost so far."""

    @property
    def gauge(self) -> int:
        """What the services say together."""
        return self.live + self.ghosts

    @property
    def mean_gauge(self) -> float:
        """The gauge of a pod, as a mean over those that run.

        The autoscaler's mean is over those that are ready; they differ for the seconds of a start.
        """
        return self.gauge / self.running if self.running else 0.0

    @property
    def mean_live(self) -> float:
        """The same without ghosts."""
        return self.live / self.running if self.running else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """One day, looked at once a minute. The same plan gives the same diary."""

    looks: tuple[Look, ...]
    events: tuple[Event, ...]

    def at(self, hour: float) -> Look:
        """Return the last look at or before that hour, or the first of all."""
        return [self.looks[0], *(each for each in self.looks if each.t <= hour * HOUR)][-1]

    def when(self, ghosts: int) -> Look | None:
        """Return the first look with so many ghosts; None if there never were."""
        return next((each for each in self.looks if each.ghosts >= ghosts), None)

    def count(self, kind: EventKind) -> int:
        """Return how often that happened."""
        return sum(event.kind is kind for event in self.events)

    @property
    def most_asked(self) -> int:
        """Pods asked for at most."""
        return max(look.asked for look in self.looks)

    @property
    def most_pending(self) -> int:
        """Pods that waited for room at once, at most."""
        return max(look.pending for look in self.looks)

    @property
    def most_ghosts(self) -> int:
        """Ghosts at once, at most."""
        return max(look.ghosts for look in self.looks)

    @property
    def largest_mib(self) -> float:
        """Memory of one pod, at most."""
        return max(look.largest_mib for look in self.looks)
