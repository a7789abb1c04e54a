"""A recording: what one replay of a scenario, under one lifecycle, looked like from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ghosts.invalid import first_fault
from ghosts.records.scenario import Scenario
from ghosts.records.snapshot import STRICT, Allocator, Int, Snapshot, Trimmed

FORMAT: Final = 2
_Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w<>.]{1,100}$")]


class RecordingError(ValueError):
    """A file that is not a recording, or is one of another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Snapshot):
    """One look at a whole pod: the snapshot of the pusher, and what is around it.

    Times are simulated seconds, sizes are bytes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    t: float
    workers_busy: Int
    """Upload workers in a call, of 16."""
    workers_blocked: Int
    """Upload workers that have been in the same call for more than 150 s."""
    lost_bytes: Int
    """Audio that was received, is not stored, and that nobody will send any more.

    Below 0 while storage has audio whose sender has not heard so: it is counted as queued as well.
    """
    abandoned_bytes: Int
    """Audio in the upload pool that no session waits for any more."""
    rss_bytes: Int
    """Resident memory of this process; 0 if memory is not measured."""
    allocator: Allocator | None = None
    """What the C library's allocator says; None where it cannot be asked, or nobody asked."""
    listen: Snapshot | None = None
    """The sessions of listen, if devices come through it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at a simulated second: to a device, a session, or a backend."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    t: float
    kind: str
    who: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Where the audio bytes were at the end. ``received`` is the sum of the other three."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    received: Int
    stored: Int
    lost: Int
    queued: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAtEnd:
    """A session that had not ended when the replay did."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    uid: str
    ghost: bool
    held_bytes: Int
    """Audio that it has neither stored nor dropped."""
    retained_bytes: Int
    """Memory that is reachable from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One replay. The same scenario and lifecycle give the same one, memory aside."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    format: Literal[2]
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
    trimmed: Trimmed | None = None
    """What the allocator gave back when it was asked to, after the last sample."""

    @property
    def last(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    @property
    def rss_growth(self) -> int:
        """Bytes of resident memory at the last sample beyond those at the first."""
        return self.last.rss_bytes - self.samples[0].rss_bytes

    def times(self, kind: str) -> dict[str, float]:
        """Return the time of the last event of that kind, by whom it happened to."""
        return {event.who: event.t for event in self.events if event.kind == kind}

    def without_memory(self) -> "Recording":
        """The part that is the same on every run, sample for sample and on every machine."""
        return replace(
            self,
            samples=tuple(_without_memory(sample) for sample in self.samples),
            sessions=tuple(replace(session, retained_bytes=0) for session in self.sessions),
            versions={},
            made_at="",
            made_on="",
            trimmed=None,
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
_NO_MEMORY: Final[Mapping[str, Any]] = {"retained_bytes": 0, "leaked_bytes": 0}


def _without_memory(sample: Sample) -> Sample:
    listen = None if sample.listen is None else replace(sample.listen, **_NO_MEMORY)
    return replace(sample, **_NO_MEMORY, rss_bytes=0, allocator=None, listen=listen)
