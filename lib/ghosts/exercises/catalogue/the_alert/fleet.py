"""A fleet of pods that are scraped together, and for each pod when an alert has to fire."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ghosts.alerts import Labels, SeriesStore, evaluate

MANY: Final = 15
"""Ghosts of a pod for which an alert has to fire."""
BOUND: Final = 900.0
"""Seconds after which it has to fire at the latest, and to end once they are gone."""
DRAINS: Final = 150.0
"""Seconds that a session may last after its device has left; after more, it is a ghost."""
FEW: Final = 5
"""Sessions that may be draining at any time on a healthy pod."""

Counts: TypeAlias = tuple[tuple[float, int], ...]
"""Seconds and a number that is right until the next of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod of a fleet. ``first`` and ``due`` are there only where it ``has_many`` ghosts."""

    name: str
    """Its label ``pod``."""
    words: str
    """What it is, for the sentence "it fires on ..."."""
    why: str
    """Why an alert that fires on it without ghosts is wrong."""
    ghosts: Counts

    @property
    def has_many(self) -> bool:
        """Whether it has so many ghosts, at some time, that an alert has to fire."""
        return any(number >= MANY for _, number in self.ghosts)

    def ghosts_at(self, second: float) -> int:
        """Return how many ghosts it has at a second."""
        last = bisect_right([at for at, _ in self.ghosts], second) - 1
        return 0 if last < 0 else self.ghosts[last][1]

    @property
    def first(self) -> float:
        """The second at which the device of its first ghost has left, at the earliest."""
        return next(at for at, number in self.ghosts if number) - DRAINS

    @property
    def due(self) -> float:
        """The second at which an alert has to fire at the latest."""
        return next(at for at, number in self.ghosts if number >= MANY) + BOUND

    @property
    def gone(self) -> float | None:
        """The second at which its ghosts are gone; None if they stay to the end."""
        return None if self.ghosts[-1][1] else self.ghosts[-1][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Pods, and the series of all of them in one store."""

    pods: Mapping[str, Pod]
    series: SeriesStore

    def counts(self, pod: Pod, second: float) -> dict[str, int]:
        """Return gauge, TCP connections and ghosts of a pod at a second, memory in MiB too."""
        of = f'{{pod="{pod.name}"}}[30m]'
        read = {
            "gauge": f"sum(last_over_time(pusher_active_ws_connections{of}))",
            "TCP connections": f"sum(last_over_time(pusher_tcp_connections{of}))",
            "memory (MiB)": f"sum(last_over_time(process_resident_memory_bytes{of})) / 1048576",
        }
        found = {
            name: _first_of(evaluate(expr, self.series, second)) for name, expr in read.items()
        }
        return {**found, "ghosts": pod.ghosts_at(second)}


def _first_of(values: Mapping[Labels, float]) -> int:
    """Return the first of some values, rounded; 0 if there is none."""
    return round(next(iter(values.values()), 0.0))
