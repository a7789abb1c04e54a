"""A recording: what one replay of a scenario, under one lifecycle, looked like from outside."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ghosts.replay.scenario import Scenario

_STRICT = ConfigDict(extra="forbid")


class RecordingError(ValueError):
    """A file that is not a recording, or is one of another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at the pod. Times are simulated seconds, sizes are bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    t: float
    gauge: int
    """What the service says: ``pusher_active_ws_connections``."""
    tcp: int
    """What the operating system says: established TCP connections on the pusher's port."""
    ghosts: int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: int
    """Tasks of sessions that the service holds to be over."""
    tasks: int
    """Tasks of sessions, orphans included."""
    workers_busy: int
    """Storage workers in a call, of 16."""
    queued_bytes: int
    """Audio that was received and is neither stored nor lost."""
    lost_bytes: int
    """Audio that was received, is not stored, and that nobody will send any more."""
    abandoned_bytes: int
    """Audio in the upload pool that no session waits for any more."""
    retained_bytes: int
    """Memory that is reachable from ghosts."""
    tracemalloc_bytes: int | None
    """Memory that Python has allocated in this process since the replay began; None at full scale.

    Tracing every allocation makes a replay two and a half times as long, too long for a full one.
    """
    rss_bytes: int
    """Resident memory of this process. It does not fall when memory is freed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at a simulated second: to a device, a session, or a backend."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    t: float
    kind: str
    who: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Where the audio bytes were at the end. ``received`` is the sum of the other three."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    received: int
    stored: int
    lost: int
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAtEnd:
    """A session that had not ended when the replay did."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    uid: str
    ghost: bool
    held_bytes: int
    """Audio that it has neither stored nor dropped."""
    retained_bytes: int
    """Memory that is reachable from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One replay. The same scenario and lifecycle give the same one, memory aside."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    format: Literal[1] = 1
    scenario: Scenario
    lifecycle: str
    scale: float
    """Fraction of production's audio bytes: 0.1 or 1."""
    samples: tuple[Sample, ...]
    audio: Audio
    events: tuple[Event, ...]
    sessions: tuple[SessionAtEnd, ...]
    versions: dict[str, str]
    made_at: str = ""
    """When, in UTC."""
    made_on: str = ""
    """On what kind of machine."""

    @property
    def last(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    def without_memory(self) -> "Recording":
        """The part that is the same on every run, sample for sample and on every machine."""
        bare = {"retained_bytes": 0, "tracemalloc_bytes": 0, "rss_bytes": 0}
        return replace(
            self,
            samples=tuple(replace(sample, **bare) for sample in self.samples),
            sessions=tuple(replace(session, retained_bytes=0) for session in self.sessions),
            versions={},
            made_at="",
            made_on="",
        )

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_bytes(_ADAPTER.dump_json(self, indent=1) + b"\n")

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """Read it back.

        Raises:
            RecordingError: the file is not a recording of this format.
        """
        try:
            return _ADAPTER.validate_json(path.read_bytes())
        except ValidationError as invalid:
            first = invalid.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise RecordingError(": ".join(filter(None, (path.name, key, first["msg"])))) from None


_ADAPTER = TypeAdapter(Recording)
