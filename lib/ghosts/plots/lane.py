"""The life of one session in three times: when it opened, was disconnected, and ended."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ghosts.records.recording import Event, Recording
from ghosts.settings import GHOST_AFTER

Span: TypeAlias = tuple[float, float]
"""From one simulated second to a later one."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One session. Times are simulated seconds; None had not happened when the recording ended."""

    uid: str
    opened: float
    disconnected: float | None = None
    """When the kernel lost its connection. None also if the handler ended before that."""
    ended: float | None = None
    """When its handler ended."""

    def connected(self, until: float) -> Span | None:
        """Return the time before the disconnect, in a recording that lasts until then."""
        return _span(self.opened, _first(self.disconnected, self.ended, until))

    def draining(self, until: float) -> Span | None:
        """Return the first 150 s after the disconnect, or less if the session ended sooner."""
        if self.disconnected is None:
            return None
        bound = self.disconnected + GHOST_AFTER
        return _span(self.disconnected, _first(bound, self.ended, until))

    def ghost(self, until: float) -> Span | None:
        """Return the time from 150 s after the disconnect to the end of the session."""
        if self.disconnected is None:
            return None
        return _span(self.disconnected + GHOST_AFTER, _first(self.ended, until))

    @property
    def drain_seconds(self) -> float | None:
        """Seconds from the disconnect to the end of the session; None if it did not end."""
        if self.ended is None:
            return None
        return 0.0 if self.disconnected is None else self.ended - self.disconnected


def lanes_of(recording: Recording) -> list[Lane]:
    """Return every session of a recording, in the order in which they opened.

    What happened after the last sample is left out, as when the pod is stopped at the end.

    An event names a user, not a session. Where sessions of one user overlap, a disconnect is that
    of the one connected first, and an end is that of the one disconnected last.
    """
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(recording.events, key=lambda event: event.t):
        if event.t <= recording.last.t:
            by_user[event.who].append(event)
    lanes = [lane for events in by_user.values() for lane in _lanes_of_user(events)]
    return sorted(lanes, key=lambda lane: lane.opened)


def _lanes_of_user(events: Sequence[Event]) -> list[Lane]:
    lanes: list[Lane] = []
    for event in events:
        open_ones = [place for place, lane in enumerate(lanes) if lane.ended is None]
        connected = [place for place in open_ones if lanes[place].disconnected is None]
        match event.kind:
            case "session_opened":
                lanes.append(Lane(event.who, event.t))
            case "session_disconnected" if connected:
                lanes[connected[0]] = replace(lanes[connected[0]], disconnected=event.t)
            case "session_closed" if open_ones:
                gone = [place for place in open_ones if place not in connected]
                last = max(gone, key=lambda place: lanes[place].disconnected or 0.0, default=None)
                place = open_ones[0] if last is None else last
                lanes[place] = replace(lanes[place], ended=event.t)
    return lanes


def _first(*times: float | None) -> float:
    return min(time for time in times if time is not None)


def _span(start: float, end: float) -> Span | None:
    return (start, end) if start < end else None
