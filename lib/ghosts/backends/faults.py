"""How a backend fails, and when."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias


class Backend(StrEnum):
    """The services that a session calls."""

    STORAGE = "storage"
    TRANSCRIPT_WEBHOOK = "transcript_webhook"
    AUDIO_WEBHOOK = "audio_webhook"
    SPEAKER_SAMPLES = "speaker_samples"
    CONVERSATIONS = "conversations"
    USERS = "users"
    SPEECH_TO_TEXT = "speech_to_text"
    PEOPLE = "people"
    APPS = "apps"
    USAGE = "usage"


BACKENDS: Final = tuple(Backend)
OF_THE_PUSHER: Final = (
    Backend.STORAGE,
    Backend.TRANSCRIPT_WEBHOOK,
    Backend.AUDIO_WEBHOOK,
    Backend.SPEAKER_SAMPLES,
    Backend.CONVERSATIONS,
    Backend.USERS,
)
"""The services that a session of the pusher calls."""
OF_LISTEN: Final = (
    Backend.USERS,
    Backend.SPEECH_TO_TEXT,
    Backend.PEOPLE,
    Backend.APPS,
    Backend.USAGE,
)
"""The services that a session of listen calls, the pusher aside."""


class FaultMode(StrEnum):
    """The ways in which a backend can fail."""

    NEVER_ANSWERS = "never_answers"
    """Takes the request and never answers it."""
    SLOW = "slow"
    """Answers after ``seconds``."""
    TRICKLES = "trickles"
    """Answers at once, one byte every ``seconds``, and never ends."""
    STATUS_500 = "status_500"
    """Answers 500 at once."""
    GARBAGE = "garbage"
    """Answers 200, says JSON, and sends something else."""
    RESETS = "resets"
    """Resets the connection on every request."""
    ANSWER_LOST = "answer_lost"
    """Does its work, and resets the connection instead of answering."""
    REFUSES = "refuses"
    """Has no listener and drops its connections, as a process that is down."""
    SWALLOWS_CANCELLATION = "swallows_cancellation"
    """Its client's library keeps a cancellation to itself, and goes on waiting for the answer."""
    CANCELS_CALLER = "cancels_caller"
    """Its client's library raises a cancellation that nobody has asked for."""
    BLOCKS_THREAD = "blocks_thread"
    """Its client's library blocks before the call begins, where no deadline reaches it."""


OF_THE_LIBRARY: Final = frozenset(
    {FaultMode.SWALLOWS_CANCELLATION, FaultMode.CANCELS_CALLER, FaultMode.BLOCKS_THREAD}
)
"""The modes that lie in a client's library; the service itself is well."""


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction of the requests to one backend, from 0 to 1, drawn by a seed.

    Whether a request is one of them depends on its user and on how many that user has made before,
    and on nothing else: so the same ones are under every lifecycle, whatever happens in between.
    """

    fraction: float = 1.0
    seed: str = ""

    def has(self, uid: str, number: int) -> bool:
        """Return whether the user's request of this number is one of them."""
        if self.fraction >= 1.0:
            return True
        return random.Random(f"{self.seed}/{uid}/{number}").random() < self.fraction


ALL: Final = Share()
"""Every request."""
MIN_SECONDS: Final = 0.1
"""The shortest delay of an answer, or gap in one: each gap is a step of simulated time."""

Start: TypeAlias = float | Literal["departure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One backend failing in one way, from ``start`` until ``end``.

    ``start`` and ``end`` are seconds of simulated time; ``end`` None is never. ``start`` may be
    ``"departure"``: then the backend fails each user from the moment that user's device leaves.
    ``seconds`` is the delay of ``slow`` and the gap of ``trickles``. ``share`` is the fraction of
    the requests that fail; the others are answered. A request that was swallowed is never answered,
    also after ``end``.
    """

    backend: Backend
    mode: FaultMode
    start: Start = 0.0
    end: float | None = None
    seconds: float = 10.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.start == "departure":
            if self.mode is FaultMode.REFUSES:
                raise ValueError("start: 'departure' is not possible with mode 'refuses'")
        elif self.start < 0:
            raise ValueError(f"start: {self.start} is before the scenario")
        elif self.end is not None and self.end <= self.start:
            raise ValueError(f"end: {self.end} is not after start {self.start}")
        if self.seconds < MIN_SECONDS:
            raise ValueError(f"seconds: {self.seconds} is less than {MIN_SECONDS:g}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: should be from 0 to 1; got {self.share}")
        if self.share < 1 and self.mode is FaultMode.REFUSES:
            raise ValueError(
                "share: is not possible with mode 'refuses': a port is closed for all; "
                f"got {self.share}"
            )
