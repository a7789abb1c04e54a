"""A recording: one replay of a scenario under one variant, observed from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ghosts.errors import GhostsError
from ghosts.records.scenario import Scenario
from ghosts.records.snapshot import STRICT, Allocator, Int, Snapshot, Trimmed
from ghosts.records.validation import invalid_value

FORMAT: Final = 3
_Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w<>.]{1,100}$")]


class RecordingError(GhostsError, ValueError):
    """A file is not a recording, or has another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Snapshot):
    """One sample of a whole pod: the snapshot of the pusher, its workers, and the process.

    Times are simulated seconds, sizes are bytes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    t: float
    workers_busy: Int
    """Upload workers in a call, of 16."""
    workers_blocked: Int
    """Upload workers that have been in the same call for more than 150 s."""
    lost_bytes: Int
    """Audio received that is not stored and never will be.

    Below 0 while storage has audio whose sender has no answer yet: that is counted as queued too.
    """
    abandoned_bytes: Int
    """Audio in the upload pool whose session no longer waits for it."""
    rss_bytes: Int
    """Resident memory of this process; 0 if memory is not measured."""
    allocator: Allocator | None = None
    """The C library's allocator; None if it is not glibc's, or memory is not measured."""
    listen: Snapshot | None = None
    """The sessions of listen; None if devices connect to the pusher itself."""

    @property
    def of_devices(self) -> Snapshot:
        """The sessions of the service that devices connect to."""
        return self if self.listen is None else self.listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a device, a session or a backend, at simulated second ``t``."""

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
    """A session that had not ended at the end of the replay."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    uid: str
    ghost: bool
    held_bytes: Int
    """Audio that it has neither stored nor dropped."""
    retained_bytes: Int
    """Memory that is reachable from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One replay. The same scenario and variant give the same recording, memory aside."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    format: Literal[3]
    scenario: Scenario
    variant: _Name
    """The name of the variant."""
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
    """Resident memory before and after `malloc_trim`, called after the last sample."""

    @property
    def last(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    @property
    def rss_growth(self) -> int:
        """Bytes of resident memory at the last sample minus those at the first."""
        return self.last.rss_bytes - self.samples[0].rss_bytes

    def times(self, kind: str) -> dict[str, float]:
        """Return the second of the last event of a kind, by uid or backend."""
        return {event.who: event.t for event in self.events if event.kind == kind}

    def without_memory(self) -> "Recording":
        """Return the part that is the same on every run and every machine."""
        return replace(
            self,
            samples=tuple(_without_memory(sample) for sample in self.samples),
            sessions=tuple(replace(session, retained_bytes=0) for session in self.sessions),
            versions={},
            made_at="",
            made_on="",
            trimmed=None,
        )

    def save(self, path: Path | str) -> None:
        """Write the recording as JSON."""
        Path(path).write_bytes(_ADAPTER.dump_json(self, indent=1) + b"\n")

    @classmethod
    def load(cls, path: Path | str) -> "Recording":
        """Read a recording from JSON.

        Raises:
            RecordingError: the file is not a recording of this format.
        """
        path = Path(path)
        content = path.read_bytes()
        try:
            recording = _ADAPTER.validate_json(content)
        except ValidationError as invalid:
            is_one = b'"format"' in content or b'"samples"' in content
            what = "" if is_one else "is no recording: "
            raise RecordingError(f"{path.name}: {what}{invalid_value(invalid, cls)}") from None
        if recording.scale != recording.scenario.scale:
            raise RecordingError(f"{path.name}: scale: differs from scenario.scale")
        return recording


def load_with_samples(path: Path | str) -> Recording:
    """Read a recording that has at least one sample.

    Raises:
        RecordingError: the file is not a recording of this format, or has no samples.
    """
    recording = Recording.load(path)
    if not recording.samples:
        raise RecordingError(f"{Path(path).name}: samples: should be at least one; got none")
    return recording


_ADAPTER = TypeAdapter(Recording)
_NO_MEMORY: Final[Mapping[str, Any]] = {"retained_bytes": 0, "leaked_bytes": 0}


def _without_memory(sample: Sample) -> Sample:
    listen = None if sample.listen is None else replace(sample.listen, **_NO_MEMORY)
    return replace(sample, **_NO_MEMORY, rss_bytes=0, allocator=None, listen=listen)
