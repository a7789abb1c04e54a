"""Devices that visit the recorder, and leave it in every way: the script, and what became of each.

At first storage works. Then a day passes in which only one quiet device is connected. Then storage
never answers, and each answer of the webhook trickles.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HEALTHY_UNTIL: Final = 115.0
"""Second at which what began while storage worked has ended, and the day passes."""
STEPS: Final = 800
STEP_SECONDS: Final = 108.0
"""The day that passes, in jumps of the clock: so many that a limit by counting polls is met."""
SETTLED_SECONDS: Final = 25.0
"""After the day, in which what the quiet device sends then is uploaded."""
HUNG_SECONDS: Final = 130.0
"""For which storage never answers; the run ends with them."""
FLUSH_SECONDS: Final = 5.0
NOTIFY_SECONDS: Final = 20.0
"""Pauses of the recorder between two uploads, and between two calls of the webhook."""
FRAME: Final = 400
FRAME_EVERY: Final = 1.0
CANCELLED_AFTER: Final = 10.0
"""Seconds after a disconnect, at which the server cancels a handler that is draining."""
CLOSING_SECONDS: Final = 1.0
"""That a cancelled call of httpx takes to close its connection."""


class Leaving(StrEnum):
    """How the session of a device ends, in words that follow ``when``."""

    CLOSE = "a device closes its connection"
    RESET = "the connection of a device is reset"
    TEXT = "receive() raises, because a device has sent text"
    CANCEL = "the server cancels the handler of a device that is connected"
    CANCEL_DRAIN = "the server cancels the handler of a device that has left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One device of the script. It arrives at a second of the part that it belongs to.

    A negative second is before that part: then its first uploads are answered.

    ``talks`` is for how many seconds it sends a frame every second; its session ends ``stays``
    seconds after the arrival.
    """

    arrives: float
    stays: float
    talks: float
    leaving: Leaving = Leaving.CLOSE


def _phases() -> tuple[Visit, ...]:
    """Return devices that leave in every second of a flush: 5 s of pause, and 3 s of upload."""
    return tuple(
        Visit(
            arrives=1.0 + 0.01 * number,
            stays=20.4 + number,
            talks=20.4 + number,
            leaving=Leaving.RESET if number % 3 == 2 else Leaving.CLOSE,
        )
        for number in range(9)
    )


WHILE_HEALTHY: Final = (
    *_phases(),
    Visit(arrives=1.2, stays=25.0, talks=0.0, leaving=Leaving.TEXT),
    Visit(arrives=1.3, stays=36.0, talks=0.0, leaving=Leaving.CANCEL),
    Visit(arrives=1.4, stays=0.5, talks=0.0, leaving=Leaving.CANCEL),
)
WHILE_HUNG: Final = (
    Visit(arrives=-24.5, stays=24.8, talks=24.8),
    Visit(arrives=-10.0, stays=22.0, talks=22.0),
    Visit(arrives=0.1, stays=12.0, talks=12.0),
    Visit(arrives=0.2, stays=14.0, talks=14.0, leaving=Leaving.RESET),
    Visit(arrives=0.3, stays=16.0, talks=16.0, leaving=Leaving.CANCEL),
    Visit(arrives=0.4, stays=18.0, talks=17.0, leaving=Leaving.TEXT),
    Visit(arrives=0.5, stays=19.0, talks=19.0, leaving=Leaving.CANCEL_DRAIN),
)
QUIET_STAYS_HUNG: Final = 50.0
"""Seconds of the last part for which the quiet device stays; it sends audio in them."""


@dataclass(slots=True, kw_only=True)
class LeftTask:
    """A task that was running when its session's handler had ended."""

    created_by: str
    at: str
    """The line that it was at."""
    cancelled: bool
    seconds: float | None = None
    """How long it went on after the handler; None if to the end of the run."""


@dataclass(slots=True, kw_only=True)
class Visited:
    """What became of a device. Times are seconds of the run; None if it has not come to that."""

    leaving: Leaving
    hung: bool
    """Whether storage hung when it left, and answers of the webhook trickled."""
    arrived_at: float
    left_at: float | None = None
    """When it left, receive() raised, or the server cancelled its handler."""
    ended_at: float | None = None
    sent: int = 0
    """Bytes, while storage worked."""
    stored: int = 0
    stored_when_due: int = 0
    """Bytes that were stored before the last turn of ``notify``, which is due after it has left."""
    cut_off: str = ""
    """Why it was cut off, or not let in."""
    cut_off_at: float = 0.0
    error: str = ""
    tasks: list[LeftTask] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongGauge:
    """The first moment at which the gauge was not the number of handlers that were running."""

    gauge: float
    handlers: int
    connected: int
    ended: Leaving | None
    """How the session ended that was the last to end by then; None if none had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """What the run has shown."""

    visited: tuple[Visited, ...]
    """Of each device; the quiet one is the last."""
    told: int
    """Bytes that the webhook was told of while storage worked."""
    hung_at: float
    """Second from which on storage never answers."""
    wrong_gauge: WrongGauge | None
    spun: str
    """Why the run was stopped; empty if it was not."""
