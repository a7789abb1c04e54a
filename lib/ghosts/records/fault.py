"""A fault: which backend fails, in which mode, and when."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from ghosts.backends import Backend


class FaultMode(StrEnum):
    """The ways in which a backend, or its client library, can fail.

    What each does is in the file of its name in ``ghosts/simulation/faults/``.
    """

    NEVER_ANSWERS = "never_answers"
    """Receives the request and never answers it."""
    SLOW = "slow"
    """Answers after ``seconds``."""
    TRICKLES = "trickles"
    """Answers at once, with one byte every ``seconds``, and never ends."""
    STATUS_500 = "status_500"
    """Answers 500 at once."""
    GARBAGE = "garbage"
    """Answers 200 with content type JSON and a body that is not JSON."""
    RESETS = "resets"
    """Resets the connection on every request."""
    ANSWER_LOST = "answer_lost"
    """Does its work, then resets the connection instead of answering."""
    REFUSES = "refuses"
    """Closes its listener and its connections, like a process that is down."""
    SWALLOWS_CANCELLATION = "swallows_cancellation"
    """A client fault: suppresses cancellations, and continues to wait for the answer."""
    CANCELS_CALLER = "cancels_caller"
    """A client fault: raises a cancellation that was not requested."""
    BLOCKS_THREAD = "blocks_thread"
    """A client fault: blocks before the call starts, where no deadline applies."""


WHOLE_SERVICE_MODES: Final = frozenset({FaultMode.REFUSES})
"""Modes of a backend as a whole: not of one user, and not of a share of the requests."""


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction of the requests to one backend, from 0 to 1, drawn with a seed.

    Whether a request belongs to it depends only on its user and on the number of requests that the
    user has made before. So the same requests fail under every variant.
    """

    fraction: float = 1.0
    seed: str = ""

    def has(self, uid: str, number: int) -> bool:
        """Return whether the user's request with this number belongs to the share."""
        if self.fraction >= 1.0:
            return True
        return random.Random(f"{self.seed}/{uid}/{number}").random() < self.fraction


ALL: Final = Share()
"""Every request."""
MIN_SECONDS: Final = 0.1
"""The shortest delay or gap in an answer. Each gap is a step of simulated time, which costs CPU."""

Start: TypeAlias = float | Literal["departure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One backend that fails in one mode from ``start`` until ``end``.

    ``start`` and ``end`` are seconds of simulated time; ``end=None`` is never. With
    ``start="departure"`` the backend fails each user from the moment at which the user's device
    leaves. ``seconds`` is the delay of ``slow`` and the gap of ``trickles``. ``share`` is the
    fraction of the requests that fail; the others are answered. A request that was swallowed is
    never answered, not even after ``end``.
    """

    backend: Backend
    mode: FaultMode
    start: Start = 0.0
    end: float | None = None
    seconds: float = 10.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.start == "departure":
            if self.mode in WHOLE_SERVICE_MODES:
                raise ValueError(f"start: 'departure' is not possible with mode '{self.mode}'")
        elif self.start < 0:
            raise ValueError(f"start: {self.start} is before the scenario")
        elif self.end is not None and self.end <= self.start:
            raise ValueError(f"end: {self.end} is not after start {self.start}")
        if self.seconds < MIN_SECONDS:
            raise ValueError(f"seconds: {self.seconds} is less than {MIN_SECONDS:g}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: should be from 0 to 1; got {self.share}")
        if self.share < 1 and self.mode in WHOLE_SERVICE_MODES:
            raise ValueError(
                f"share: is not possible with mode '{self.mode}': a port is closed for all; "
                f"got {self.share}"
            )
