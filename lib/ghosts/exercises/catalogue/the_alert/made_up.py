"""A made-up pod: what it would expose follows from when each session begins, leaves and ends."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ghosts.alerts import STEP
from ghosts.exercises.catalogue.the_alert.fleet import DRAINS

WITHIN: Final = 10.0
"""Seconds within which devices leave that leave together."""
_NEVER: Final = 1e9
_LONGEST: Final = 7200.0
"""Seconds of the longest made-up pod whose devices come and go."""
_DRAIN: Final = 15.0
"""Seconds that a session lasts after its device has left, as a rule."""
_STAY: Final = 1020.0
"""Seconds that a device is connected: 17 minutes."""


class Session(NamedTuple):
    """Seconds at which a session begins, its device leaves, and it ends."""

    begins: float
    leaves: float
    ends: float


class Scrape(NamedTuple):
    """What a pod exposes, and how many ghosts it has."""

    gauge: int
    tcp: int
    mib: float
    ghosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """A pod from second 0 to ``until``. Some of its sessions may have begun before."""

    sessions: tuple[Session, ...]
    until: float = _LONGEST
    idle: int = 0
    """TCP connections without a session, which something keeps open from begin to end."""
    mib: float = 430.0
    """Its memory, without what the ghosts hold."""
    mib_per_ghost: float = 15.0

    def scrapes(self) -> Iterator[tuple[float, Scrape]]:
        """Yield the second of each scrape, one every 30 s, and what is read."""
        late = [each for each in self.sessions if each.ends - each.leaves > DRAINS]
        begins = sorted(each.begins for each in self.sessions)
        leaves = sorted(each.leaves for each in self.sessions)
        ends = sorted(each.ends for each in self.sessions)
        become = sorted(each.leaves + DRAINS for each in late)
        end_late = sorted(each.ends for each in late)
        for number in range(int(self.until // STEP) + 1):
            second = number * STEP
            ghosts = bisect_right(become, second) - bisect_right(end_late, second)
            begun = bisect_right(begins, second)
            yield (
                second,
                Scrape(
                    gauge=begun - bisect_right(ends, second),
                    tcp=begun - bisect_right(leaves, second) + self.idle,
                    mib=self.mib + self.mib_per_ghost * ghosts,
                    ghosts=ghosts,
                ),
            )


def steady(devices: int, *, stay: float = _STAY, drain: float = _DRAIN) -> tuple[Session, ...]:
    """Return sessions of devices that leave one after the other, each replaced at once."""
    rounds = range(int(_LONGEST // stay) + 2)
    leaves = [stay * (slot / devices + number) for slot in range(devices) for number in rounds]
    return tuple(Session(at - stay, at, at + drain) for at in leaves)


def together(
    devices: int, at: float, *, drain: float = DRAINS, begins: float = 0.0
) -> tuple[Session, ...]:
    """Return sessions of devices that all leave within 10 s."""
    leaves = [at + WITHIN * number / devices for number in range(devices)]
    return tuple(Session(begins, one, one + drain) for one in leaves)


def staying(devices: int) -> tuple[Session, ...]:
    """Return sessions of devices that do not leave."""
    return (Session(0, _NEVER, _NEVER),) * devices


def arriving(devices: int, first: float, last: float) -> tuple[Session, ...]:
    """Return sessions of devices that come one by one, and do not leave."""
    return tuple(Session(at, _NEVER, _NEVER) for at in _spread(devices, first, last))


def leaving(devices: int, first: float, last: float) -> tuple[Session, ...]:
    """Return sessions whose devices leave one by one, and which end some seconds later."""
    return tuple(Session(0, at, at + _DRAIN) for at in _spread(devices, first, last))


def ghosts(devices: int, first: float, last: float, *, ends: float = _NEVER) -> tuple[Session, ...]:
    """Return sessions whose devices leave one by one, and which end much later, if at all."""
    return tuple(Session(0, at, ends) for at in _spread(devices, first, last))


def _spread(number: int, first: float, last: float) -> Iterator[float]:
    return (first + (last - first) * one / (number - 1) for one in range(number))
