"""The life of one session: when it opened, when its device left, and when it ended."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ghosts.config import GHOST_AFTER
from ghosts.records.device_group import Leave
from ghosts.records.recording import Event, Recording
from ghosts.records.scenario import Through

Span: TypeAlias = tuple[float, float]
"""From one simulated second to a later one."""

_CLOSING: Final = frozenset({Leave.CLOSE, Leave.RESET})
"""The ways to leave that end the connection at once. The others leave it open."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One session. Times are simulated seconds; None had not happened when the recording ended."""

    uid: str
    opened: float
    disconnected: float | None = None
    """When its connection was seen to be gone, which is checked every 5 s.

    None also if the handler ended before that.
    """
    ended: float | None = None
    """When its handler ended."""
    left: float | None = None
    """When its device closed or reset the connection; None if that was not recorded."""
    vanished: float | None = None
    """When its device vanished, and left the connection half-open."""

    @property
    def gone(self) -> float | None:
        """When the session lost its device: when that left, else when the loss was seen."""
        return self.disconnected if self.left is None else self.left

    def connected(self, until: float) -> Span | None:
        """Return the time before the disconnect, in a recording that lasts until then.

        It ends when the device vanishes, if it does.
        """
        return _span(self.opened, _first(self.vanished, self.gone, self.ended, until))

    def half_open(self, until: float) -> Span | None:
        """Return the time from when its device vanished until the connection is lost."""
        if self.vanished is None:
            return None
        return _span(self.vanished, _first(self.gone, self.ended, until))

    def draining(self, until: float) -> Span | None:
        """Return the time from the disconnect until it is a ghost, or less if it ended sooner."""
        if self.gone is None:
            return None
        return _span(self.gone, _first(self._ghost_from, self.ended, until))

    def ghost(self, until: float) -> Span | None:
        """Return the time from 150 s after the loss was seen to the end of the session.

        A sample counts its ghosts from the same moment.
        """
        if self._ghost_from is None:
            return None
        return _span(self._ghost_from, _first(self.ended, until))

    @property
    def drain_seconds(self) -> float | None:
        """Seconds from the disconnect to the end of the session; None if it did not end."""
        if self.ended is None:
            return None
        return 0.0 if self.gone is None else self.ended - self.gone

    @property
    def _ghost_from(self) -> float | None:
        seen = self.gone if self.disconnected is None else self.disconnected
        return None if seen is None else seen + GHOST_AFTER


def lanes_of(recording: Recording) -> list[Lane]:
    """Return every session of a recording, in the order in which they opened.

    What happened after the last sample is left out, as when the pod is stopped at the end.

    A device of listen is not at the other end of a session of the pusher, so its departure is not
    a disconnect here.

    An event names a user, not a session. Where sessions of one user overlap, a disconnect is that
    of the one connected first, and an end is that of the one disconnected last.
    """
    direct = recording.scenario.through is Through.PUSHER
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(recording.events, key=lambda event: event.t):
        if event.t <= recording.last.t and (direct or event.kind != "device_left"):
            by_user[event.who].append(event)
    lanes = [lane for events in by_user.values() for lane in _lanes_of_user(events)]
    return sorted(lanes, key=lambda lane: lane.opened)


def _lanes_of_user(events: Sequence[Event]) -> list[Lane]:
    lanes: list[Lane] = []
    for event in events:
        open_ones = [place for place, lane in enumerate(lanes) if lane.ended is None]
        unseen = [place for place in open_ones if lanes[place].disconnected is None]
        connected = [place for place in unseen if lanes[place].left is None]
        departed = [place for place in unseen if place not in connected]
        match event.kind:
            case "session_opened":
                lanes.append(Lane(event.who, event.t))
            case "device_left" if connected and event.detail in _CLOSING:
                lanes[connected[0]] = replace(lanes[connected[0]], left=event.t)
            case "device_left" if connected and event.detail == Leave.VANISH:
                lanes[connected[0]] = replace(lanes[connected[0]], vanished=event.t)
            case "session_disconnected" if unseen:
                place = (departed or connected)[0]
                lanes[place] = replace(lanes[place], disconnected=event.t)
            case "session_closed" if open_ones:
                gone = [place for place in open_ones if place not in connected]
                last = max(gone, key=lambda place: lanes[place].gone or 0.0, default=None)
                place = open_ones[0] if last is None else last
                lanes[place] = replace(lanes[place], ended=event.t)
    return lanes


def _first(*times: float | None) -> float:
    return min(time for time in times if time is not None)


def _span(start: float, end: float) -> Span | None:
    return (start, end) if start < end else None
