"""What is observed of the sessions of a run, each at the moment at which it happens."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from prometheus_client import Gauge
from prometheus_client.context_managers import InprogressTracker

from ghosts.exercises.catalogue.the_lifecycle.plans import Plan
from ghosts.records.recording import Recording
from tracemalloc_ext import Awaits


class Change(NamedTuple):
    """A change of the gauge by one session."""

    at: float
    by: float
    by_set: bool
    """Whether it was set to a value, and not raised or lowered."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One session. All times are simulated seconds; None is not yet, or never."""

    uid: str
    began: float
    ended: float | None = None
    how: str = ""
    """How it ended: ``returned``, ``raised`` or ``cancelled``."""
    input_ended: float | None = None
    """When the receive loop ended."""
    told: float | None = None
    """When the loops were told to finish, by the shutdown event."""
    closing: float | None = None
    """When the last call of close() began."""
    closed: float | None = None
    """When it returned."""
    changes: list[Change] = field(default_factory=list)

    def counted(self, at: float) -> float:
        """Return how often the gauge counts it after the changes of that second."""
        return sum(change.by for change in self.changes if change.at <= at)


@dataclass(slots=True, kw_only=True)
class Raised:
    """An exception that left the lifecycle."""

    words: str
    line: str
    uid: str
    of_the_loop: bool
    """Whether it is that of the loop that was made to crash, or a group with it."""
    timeout: bool


class Overdue(NamedTuple):
    """A session that had not ended when it should have: where its tasks were suspended."""

    uid: str
    handler: Awaits
    tasks: list[Awaits]


@dataclass(slots=True, kw_only=True)
class Run:
    """What was observed in one run, until its end: before the pod is closed."""

    plan: Plan
    recording: Recording
    sessions: Mapping[str, Session]
    """By uid."""
    gauge: list[tuple[float, float]]
    """The gauge, after each change and at each sample, with its second."""
    raised: list[Raised]
    overdue: list[Overdue]
    orphans: Mapping[str, list[Awaits]]
    """The tasks that outlived their session, by its uid."""
    stored: Mapping[str, int]
    """Bytes stored, by uid."""
    sent: Mapping[str, Mapping[str, int]]
    """Requests that the other backends have answered, by the loop that sent them and by uid."""

    @property
    def left(self) -> dict[str, float]:
        """When devices left, by uid."""
        return self.recording.times("device_left")

    @property
    def ended(self) -> list[Session]:
        """The sessions that have ended."""
        return [each for each in self.sessions.values() if each.ended is not None]

    @property
    def cut(self) -> list[Session]:
        """The sessions that ended while their device was connected, and should not have."""
        left = self.left
        return [
            each
            for each in self.ended
            if each.ended is not None
            and each.ended < left.get(each.uid, float("inf"))
            and not self.plan.may_end(each.uid, each.ended)
        ]


def value_of(gauge: Gauge) -> float:
    """Return what a gauge reads."""
    return float(sum(one.value for family in gauge.collect() for one in family.samples))


class RecordedGauge:
    """The gauge as one session has it: the same one for all, and each change is recorded."""

    def __init__(self, gauge: Gauge, changed: Callable[[float, bool], object]) -> None:
        self._gauge = gauge
        self._changed = changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gauge, name)

    def inc(self, amount: float = 1) -> None:
        """Raise it."""
        self._gauge.inc(amount)
        self._changed(amount, False)

    def dec(self, amount: float = 1) -> None:
        """Lower it."""
        self._gauge.dec(amount)
        self._changed(-amount, False)

    def set(self, value: float) -> None:
        """Set it to a value."""
        before = value_of(self._gauge)
        self._gauge.set(value)
        self._changed(value - before, True)

    def track_inprogress(self) -> AbstractContextManager[None]:
        """Return a block, or decorator, that raises it at first and lowers it at the end."""
        return InprogressTracker(self)  # type: ignore[no-untyped-call]
