"""What people wrote of an incident: the parts of a postmortem that no run can fill in."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, StringConstraints

from ghosts.evidence import Kind
from ghosts.records.device_group import NO_OTHER_KEYS
from ghosts.records.moment import AsMoment, Moment

_Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_FigureName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]\w{0,60}$")]


class Mark(StrEnum):
    """Which step of the incident an entry of the timeline is; each is there once at most."""

    BEGAN = "began"
    FIRST_SIGN = "first sign"
    DETECTED = "detected"
    MITIGATED = "mitigated"
    CAUSE_FOUND = "cause found"
    FIXED = "fixed"
    VERIFIED = "verified"


class Shows(StrEnum):
    """The kind of run that shows the effect of an action item."""

    REPLAYS = "replays"
    """The recordings of two variants."""
    EXPERIMENT = "experiment"
    """One change to one variant, from `data/experiments`."""
    MATRIX = "matrix"
    """Two variants under every fault, from `data/faults/matrix.csv`."""
    ALERT = "alert"
    """The alert `GhostConnections` of `data/alerts`, on the samples of a recording."""
    DAY = "day"
    """A simulated day of the fleet, with the costs of two variants' recordings."""
    PROBE = "probe"
    """Two ways to look for the audio in memory, at the end of a replay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A text, and where it comes from. ``{name}`` in the text is a figure."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    text: str
    kind: Kind | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What is known of one part of the impact, and what is not."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    on: _Name
    known: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the timeline. ``at`` is None where the public record has the date."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    event: _Name
    at: AsMoment | None = None
    kind: Kind | None = None
    source: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A condition that made the incident possible, or worse."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    name: _Name
    text: str = ""
    kind: Kind | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action item, and the run that shows its effect."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    what: _Name
    state: str = ""
    source: str = ""
    against: tuple[str, ...] = ()
    """Names of factors."""
    shown_by: Shows | None = None
    before: str = ""
    after: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigure:
    """A figure of an incident of your own."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    name: _FigureName
    value: str | float
    unit: str = ""
    kind: Kind
    source: _Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """All that people wrote of an incident. What is empty is still to be filled."""

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    title: str = ""
    status: str = ""
    summary: str = ""
    scenario: str = ""
    """A name, or a file: relative to the incident's."""
    recordings: tuple[str, ...] = ()
    """Files, relative to the incident's."""
    await_chain: str = ""
    """A smaller scenario with the same fault, to take the await chain from."""
    public_record: bool = False
    """Whether figures and timeline of `data/*.csv` can be used."""
    figures: tuple[OwnFigure, ...] = ()
    impact: tuple[Impact, ...] = ()
    timeline_title: str = ""
    timeline: tuple[Entry, ...] = ()
    durations: dict[str, str] = field(default_factory=dict)
    """A remark by the name of a duration, such as "time to detect"."""
    detection: tuple[Statement, ...] = ()
    trigger: tuple[Statement, ...] = ()
    root_cause: tuple[Statement, ...] = ()
    factors: tuple[Factor, ...] = ()
    resolution: tuple[Statement, ...] = ()
    went_well: tuple[Statement, ...] = ()
    went_badly: tuple[Statement, ...] = ()
    lucky: tuple[Statement, ...] = ()
    actions: tuple[Action, ...] = ()
    lessons: tuple[Statement, ...] = ()
    unknown: tuple[Statement, ...] = ()

    def at(self, mark: Mark) -> Moment | None:
        """Return when a step of the incident was; None if the timeline does not say."""
        return next((one.at for one in self.timeline if one.mark is mark), None)
