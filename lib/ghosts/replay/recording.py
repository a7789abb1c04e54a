"""A recording: what one replay of a scenario, under one lifecycle, looked like from outside."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

import annotated_types
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ghosts.invalid import first_fault
from ghosts.replay.scenario import Scenario

FORMAT: Final = 1
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Int: TypeAlias = Annotated[int, annotated_types.Interval(ge=-(2**63), lt=2**63)]
_Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w<>.]{1,100}$")]


class RecordingError(ValueError):
    """A file that is not a recording, or is one of another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """One look at listen, where devices come to the pusher through it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    gauge: _Int
    """What the service says: ``listen_active_ws_connections``."""
    tcp: _Int
    """Established TCP connections on its port."""
    ghosts: _Int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: _Int
    """Tasks of sessions that the service holds to be over."""
    tasks: _Int
    """Tasks of sessions, orphans included."""
    held_bytes: _Int
    """Audio that the pusher does not have yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at the pod. Times are simulated seconds, sizes are bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    t: float
    gauge: _Int
    """What the service says: ``pusher_active_ws_connections``."""
    tcp: _Int
    """What the operating system says: established TCP connections on the pusher's port."""
    ghosts: _Int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: _Int
    """Tasks of sessions that the service holds to be over."""
    tasks: _Int
    """Tasks of sessions, orphans included."""
    workers_busy: _Int
    """Storage workers in a call, of 16."""
    workers_blocked: _Int = 0
    """Storage workers that have been in the same call for more than 150 s, of 16."""
    queued_bytes: _Int
    """Audio that was received and is neither stored nor lost."""
    lost_bytes: _Int
    """Audio that was received, is not stored, and that nobody will send any more.

    Below 0 while storage has audio whose sender has not heard so: it is counted as queued as well.
    """
    abandoned_bytes: _Int
    """Audio in the upload pool that no session waits for any more."""
    retained_bytes: _Int
    """Memory that is reachable from ghosts."""
    tracemalloc_bytes: _Int | None
    """Memory that Python has allocated in this process since the replay began; None at full scale.

    Tracing every allocation makes a replay two and a half times as long, too long for a full one.
    """
    rss_bytes: _Int
    """Resident memory of this process. It does not fall when memory is freed."""
    allocator_in_use_bytes: _Int | None = None
    """Memory that glibc's malloc has handed out; None where malloc is another."""
    allocator_held_bytes: _Int | None = None
    """Memory that glibc's malloc has from the operating system; None where malloc is another."""
    listen: Listening | None = None
    """The same of listen, if devices come through it."""


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

    received: _Int
    stored: _Int
    lost: _Int
    queued: _Int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAtEnd:
    """A session that had not ended when the replay did."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    uid: str
    ghost: bool
    held_bytes: _Int
    """Audio that it has neither stored nor dropped."""
    retained_bytes: _Int
    """Memory that is reachable from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One replay. The same scenario and lifecycle give the same one, memory aside."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    format: Literal[1]
    scenario: Scenario
    lifecycle: _Name
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

    def times(self, kind: str) -> dict[str, float]:
        """Say when an event of that kind happened, the last time to each to whom it did."""
        return {event.who: event.t for event in self.events if event.kind == kind}

    def without_memory(self) -> "Recording":
        """The part that is the same on every run, sample for sample and on every machine."""
        bare: dict[str, Any] = {"retained_bytes": 0, "tracemalloc_bytes": 0, "rss_bytes": 0}
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
            recording = _ADAPTER.validate_json(path.read_bytes())
        except ValidationError as invalid:
            raise RecordingError(f"{path.name}: {first_fault(invalid)}") from None
        if recording.scale != recording.scenario.scale:
            raise RecordingError(f"{path.name}: scale: is not its scenario's")
        return recording


_ADAPTER = TypeAdapter(Recording)
