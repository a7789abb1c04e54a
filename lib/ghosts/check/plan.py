"""What is tried on a service: its dependencies, and the cells in which one of them fails."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ghosts.errors import GhostsError, unknown
from ghosts.records.fault import FaultMode


class PlanError(GhostsError):
    """A cell was named that does not exist."""


class Departure(StrEnum):
    """How the devices of a cell leave, or how the service leaves them."""

    CLOSE = "close"
    """They close their connections."""
    RESET = "reset"
    """Their connections are reset."""
    VANISH = "vanish"
    """They read and answer nothing more, and their connections stay."""
    SILENT = "silent"
    """They answer pings, and send nothing more."""
    STOP = "stop"
    """They stay, and the service is told to stop, as by SIGTERM."""


class Phase(StrEnum):
    """When a service calls a dependency."""

    STARTUP = "startup"
    CONNECT = "connect"
    SESSION = "session"
    DEPARTURE = "departure"


class Protocol(StrEnum):
    """What a service spoke to a dependency."""

    HTTP = "HTTP"
    WEBSOCKET = "WebSocket"
    PASSED_ON = "passed on"
    """It was passed on: to a real server that is allowed, or to a stub of the user's."""
    THREAD = "a worker thread"
    UNKNOWN = "not answered"
    """It is neither HTTP nor allowed: the connection was accepted, and nothing was answered."""


HTTP_MODES: Final = (
    FaultMode.NEVER_ANSWERS,
    FaultMode.TRICKLES,
    FaultMode.SLOW,
    FaultMode.RESETS,
    FaultMode.REFUSES,
    FaultMode.STATUS_500,
    FaultMode.GARBAGE,
)
"""The ways in which an HTTP server fails; those that hold a caller longest come first."""
CONNECTION_MODES: Final = (
    FaultMode.NEVER_ANSWERS,
    FaultMode.TRICKLES,
    FaultMode.SLOW,
    FaultMode.RESETS,
    FaultMode.REFUSES,
)
"""Those of a real server, which we only pass on."""
THREAD_MODES: Final = (FaultMode.BLOCKS_THREAD,)

MODES: Final = {
    Protocol.HTTP: HTTP_MODES,
    Protocol.WEBSOCKET: HTTP_MODES,
    Protocol.PASSED_ON: CONNECTION_MODES,
    Protocol.THREAD: THREAD_MODES,
    Protocol.UNKNOWN: (FaultMode.RESETS, FaultMode.REFUSES),
}
"""By protocol, the modes that are tried."""

TOXICS: Final = {
    FaultMode.NEVER_ANSWERS: "timeout",
    FaultMode.SLOW: "latency",
    FaultMode.TRICKLES: "slicer",
    FaultMode.RESETS: "reset_peer",
    FaultMode.REFUSES: "down",
}
"""What Toxiproxy calls the modes that it has as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Something that a service calls, as a run without faults has shown it.

    ``longest_gap`` is the longest time in seconds between two calls in one session, and ``place``
    where in the service the first call was made. A worker thread ``waits`` if it was seen to wait
    for something, and not only to compute; what it ``connects`` to has cells of its own.
    ``accepted`` are the bytes of the requests that an HTTP server has answered, without an error.
    """

    name: str
    protocol: Protocol
    phases: tuple[Phase, ...] = ()
    calls: int = 0
    longest_gap: float = 0.0
    place: str = ""
    waits: bool = True
    connects: bool = False
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One experiment: a dependency that fails, if any, and a departure."""

    dependency: str | None
    mode: FaultMode | None
    departure: Departure

    @property
    def name(self) -> str:
        """Its name, as ``--only`` takes it: ``storage.internal=never_answers,close``."""
        fault = "healthy" if self.dependency is None else f"{self.dependency}={self.mode}"
        return f"{fault},{self.departure}"

    def in_words(self) -> str:
        """Return what fails in a few words."""
        if self.dependency is None or self.mode is None:
            return "nothing fails"
        return f"{self.dependency} {self.mode.replace('_', ' ')}"


def cells_of(dependencies: Sequence[Dependency]) -> list[Cell]:
    """Return every cell, those first that tell most: so a budget of time cuts off the least.

    First each departure without a fault; then, departure by departure, round by round the next mode
    of each dependency.
    """
    found = [Cell(None, None, departure) for departure in Departure]
    return found + sorted(_faults(dependencies), key=_place)


def _faults(dependencies: Iterable[Dependency]) -> Iterator[Cell]:
    for dependency in dependencies:
        if set(dependency.phases) == {Phase.STARTUP}:
            continue  # It has answered before any session began.
        if dependency.connects:
            continue  # What it waits for fails in cells of its own.
        for mode in MODES[dependency.protocol]:
            for departure in Departure:
                yield Cell(dependency.name, mode, departure)


_MODE_ORDER: Final = {
    mode: place for place, mode in enumerate((FaultMode.BLOCKS_THREAD, *HTTP_MODES))
}
_DEPARTURE_ORDER: Final = {
    departure: place
    for place, departure in enumerate(
        (Departure.CLOSE, Departure.STOP, Departure.RESET, Departure.VANISH, Departure.SILENT)
    )
}


def _place(cell: Cell) -> tuple[int, int]:
    assert cell.mode is not None
    mode, departure = _MODE_ORDER[cell.mode], _DEPARTURE_ORDER[cell.departure]
    return departure, mode


_CELL: Final = re.compile(r"(?:healthy|(?P<dependency>.+)=(?P<mode>\w+)),(?P<departure>\w+)")


def parse_cell(text: str) -> Cell:
    """Return the cell of a name such as ``storage.internal=never_answers,close``.

    Raises:
        PlanError: the text has another form, or there is no such mode or departure.
    """
    match = _CELL.fullmatch(text)
    if match is None:
        raise PlanError(
            f"{text!r} is no cell: write HOST=MODE,DEPARTURE or healthy,DEPARTURE, such as "
            "storage.internal=never_answers,close"
        )
    if match["departure"] not in list(Departure):
        raise PlanError(unknown("departure", match["departure"], list(map(str, Departure))))
    departure = Departure(match["departure"])
    if match["dependency"] is None:
        return Cell(None, None, departure)
    modes = list(dict.fromkeys((*HTTP_MODES, *THREAD_MODES)))
    if match["mode"] not in modes:
        raise PlanError(unknown("mode", match["mode"], list(map(str, modes))))
    return Cell(match["dependency"], FaultMode(match["mode"]), departure)
