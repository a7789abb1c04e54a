"""The files of `data/` as records: one class a kind of row, one loader a file."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, get_args

from pydantic import FiniteFloat, NonNegativeInt

from ghosts.evidence.tidy_csv import Day, EvidenceError, Text, read_rows
from ghosts.paths import DATA

Topic = Literal[
    "fleet",
    "capacity",
    "largest_pod",
    "earlier_incidents",
    "service_constants",
    "webhook_load",
    "fix_tests",
]


class Kind(StrEnum):
    """How a figure was obtained."""

    MEASURED = "measured"  # the team read it from the running system
    STATED = "stated"  # the team wrote it without showing a measurement
    DERIVED = "derived"  # arithmetic on other figures; the source is the formula
    INFERRED = "inferred"  # the most plausible reading; the record does not prove it


class Verdict(StrEnum):
    """The outcome of a diagnosis."""

    REFUTED = "refuted"
    UNFINISHED = "unfinished"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedPod:
    """One pod, inspected while it ran. Memory is its RSS in MiB, None where none was published."""

    pod: Text
    date: Day
    gauge: NonNegativeInt
    tcp: NonNegativeInt
    memory_mib: FiniteFloat | None
    kind: Kind
    source: Text

    @property
    def ghosts(self) -> int:
        """Connections on the gauge that the kernel does not have."""
        return self.gauge - self.tcp


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure under a name that is unique in all of `data/`; the date is None if not known."""

    name: Text
    value: FiniteFloat
    unit: Text
    date: Day | None
    kind: Kind
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One diagnosis of the cause, its fix, and how it was refuted or confirmed."""

    date: Day
    diagnosis: Text
    fix: Text
    verdict: Verdict
    verdict_date: Day
    because: Text
    kind: Kind
    source: Text
    verdict_source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dated entry of the public record, from the service's first day to the last look."""

    date: Day
    event: Text
    document: Text
    kind: Kind
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployCheck:
    """One figure read a number of hours after the fix was deployed, as a range."""

    check: Text
    hours_after: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    unit: Text
    kind: Kind
    source: Text

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low: should not be above high, {self.high:g}; got {self.low:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """The worker threads of one pool from a date on (None: the date is not known)."""

    pool: Text
    since: Day | None
    workers: NonNegativeInt
    kind: Kind
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolQueue:
    """The longest queue seen in front of one pool of one service."""

    pool: Text
    service: Text
    date: Day
    workers: NonNegativeInt
    peak_queue: NonNegativeInt
    kind: Kind
    source: Text


def pods(folder: Path = DATA) -> tuple[InspectedPod, ...]:
    """Load the pods whose gauge was compared with their TCP connections."""
    return read_rows(folder / "pods.csv", InspectedPod)


def diagnoses(folder: Path = DATA) -> tuple[Diagnosis, ...]:
    """Load the diagnoses in the order in which they were made."""
    return read_rows(folder / "diagnoses.csv", Diagnosis)


def timeline(folder: Path = DATA) -> tuple[Event, ...]:
    """Load the public record, oldest first."""
    return read_rows(folder / "timeline.csv", Event)


def post_deploy(folder: Path = DATA) -> tuple[DeployCheck, ...]:
    """Load the checks of the three hours after the fix was deployed."""
    return read_rows(folder / "post_deploy.csv", DeployCheck)


def deploy_check(check: str, hours_after: float, folder: Path = DATA) -> DeployCheck:
    """Look up one of those checks. Raise EvidenceError if there is none."""
    for one in post_deploy(folder):
        if (one.check, one.hours_after) == (check, hours_after):
            return one
    raise EvidenceError(f"no check {check!r} after {hours_after:g} hours in {folder}")


def thread_pools(folder: Path = DATA) -> tuple[PoolSize, ...]:
    """Load the sizes of the service's thread pools."""
    return read_rows(folder / "thread_pools.csv", PoolSize)


def thread_pool_queues(folder: Path = DATA) -> tuple[PoolQueue, ...]:
    """Load the queues that were seen in front of those pools."""
    return read_rows(folder / "thread_pool_queues.csv", PoolQueue)


def facts(*topics: Topic, folder: Path = DATA) -> tuple[Fact, ...]:
    """Load the figures of these topics, or of all. Raise EvidenceError if a name is used twice."""
    loaded: dict[str, Fact] = {}
    for topic in topics or get_args(Topic):
        if topic not in get_args(Topic):
            raise EvidenceError(f"no topic {topic!r}; there are {', '.join(get_args(Topic))}")
        for one in read_rows(folder / f"{topic}.csv", Fact):
            if one.name in loaded:
                raise EvidenceError(
                    f"{topic}.csv: name: should be used once; got {one.name!r} again"
                )
            loaded[one.name] = one
    return tuple(loaded.values())


def fact(name: str, folder: Path = DATA) -> Fact:
    """Look up one figure by its name. Raise EvidenceError if there is none."""
    for one in facts(folder=folder):
        if one.name == name:
            return one
    raise EvidenceError(f"no figure named {name!r} in {folder}")
