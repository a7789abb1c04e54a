"""Devices that visit the recorder, and leave it in every way: the script, and what became of each.

At first storage works. Then a day passes in which two quiet devices are connected. After it one of
them sends audio, and leaves. Then storage never answers, and each answer of the webhook trickles.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HEALTHY_UNTIL: Final = 115.0
"""Second at which what began while storage worked has ended, and the day passes."""
STEPS: Final = 800
STEP_SECONDS: Final = 108.0
"""The day that passes, in jumps of the clock: so many that a limit by counting polls is met."""
SETTLED_SECONDS: Final = 45.0
"""After the day, in which what the two devices that have stayed send then is uploaded."""
HUNG_SECONDS: Final = 130.0
"""For which storage never answers; the run ends with them."""
FLUSH_SECONDS: Final = 5.0
NOTIFY_SECONDS: Final = 20.0
"""Pauses of the recorder between two uploads, and between two calls of the webhook."""
LATE_SECONDS: Final = 5.0
"""By which a session may begin to call the webhook later than the recorder does."""
FRAME: Final = 400
FRAME_EVERY: Final = 1.0
CLOSING_SECONDS: Final = 1.0
"""That a cancelled call of httpx takes at most to close its connection."""


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

    After ``silent`` seconds it sends a frame every second, for ``talks`` seconds. Its session ends
    ``stays`` seconds after the arrival; if the server cancels the drain, ``drains`` seconds later.
    """

    arrives: float
    stays: float
    talks: float
    silent: float = 0.0
    drains: float = 0.0
    leaving: Leaving = Leaving.CLOSE


def _phases() -> tuple[Visit, ...]:
    """Return devices that leave in every second from the first one on.

    So they leave in every second of a flush, which is 5 s of pause and 3 s of upload, and in every
    second before and after a turn of ``notify``.
    """
    return tuple(
        Visit(
            arrives=1.0 + 0.01 * number,
            stays=1.4 + number,
            talks=1.4 + number,
            leaving=Leaving.RESET if number % 3 == 2 else Leaving.CLOSE,
        )
        for number in range(28)
    )


WHILE_HEALTHY: Final = (
    *_phases(),
    # These pause before they leave: nothing is left in `session.audio`.
    Visit(arrives=1.405, stays=6.4, talks=3.0),  # an upload is running, the first one
    Visit(arrives=1.415, stays=22.4, talks=20.4),  # and all before it was told of
    Visit(arrives=1.425, stays=10.4, talks=3.0),  # all is uploaded, and not told of
    Visit(arrives=1.505, stays=25.1, talks=0.0, leaving=Leaving.TEXT),
    Visit(arrives=1.605, stays=36.0, talks=0.0, leaving=Leaving.CANCEL),
    Visit(arrives=1.705, stays=0.5, talks=0.0, leaving=Leaving.CANCEL),
)
AFTER_A_DAY: Final = 6.4
"""Seconds after the day, in which a device that has stayed for it sends audio, and leaves."""
WHILE_HUNG: Final = (
    Visit(arrives=-24.5, stays=24.8, talks=24.8),
    # Its last upload has just begun, and more was received: two calls and a pause are to come.
    Visit(arrives=0.6, stays=5.04, silent=0.02, talks=5.0),
    # A turn of `notify` has just ended, and its last upload is answered: a pause of 20 s to come.
    Visit(arrives=-24.2, stays=20.04, talks=20.0),
    Visit(arrives=-10.0, stays=22.0, talks=22.0),
    Visit(arrives=0.1, stays=12.0, talks=12.0),
    Visit(arrives=0.2, stays=14.0, talks=14.0, leaving=Leaving.RESET),
    Visit(arrives=0.3, stays=16.0, talks=16.0, leaving=Leaving.CANCEL),
    Visit(arrives=0.4, stays=18.0, talks=17.0, leaving=Leaving.TEXT),
    Visit(arrives=0.5, stays=19.0, talks=19.0, drains=10.0, leaving=Leaving.CANCEL_DRAIN),
    Visit(arrives=0.7, stays=20.0, talks=20.0, drains=3.0, leaving=Leaving.CANCEL_DRAIN),
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
    uploading: bool = False
    """Whether storage was at work on an upload of it when it left."""
    told_at: float | None = None
    """When its session has called the webhook for the first time, as far as is known."""
    cut_off: str = ""
    """Why it was cut off, or not let in."""
    cut_off_at: float = 0.0
    error: str = ""
    tasks: list[LeftTask] = field(default_factory=list)
    in_memory: bool = False
    """Whether its session was in memory at the end of the run, though its handler had ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongGauge:
    """The first moment from which on the gauge was not the number of handlers that were running."""

    gauge: float
    handlers: int
    connected: int
    began: bool
    """Whether a handler has begun in that moment."""
    ended: Leaving | None
    """How the session ended whose handler has ended in that moment; None if none has."""
    cancelling: bool
    """Whether a task of a session whose handler runs was cancelled, and runs as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """What the run has shown."""

    visited: tuple[Visited, ...]
    """Of each device, in the order of arrival but for the two quiet ones."""
    told: int
    """Bytes that the webhook was told of while storage worked."""
    hung_at: float
    """Second from which on storage never answers."""
    wrong_gauge: WrongGauge | None
    spun: str
    """Why the run was stopped; empty if it was not."""
