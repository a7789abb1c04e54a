"""How long each step of an incident took, from the marks of its timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ghosts.plots.timeline import Phase
from ghosts.postmortem.incident import Incident, Mark
from ghosts.records.moment import elapsed

_STEPS: Final = (
    ("time to detect", Mark.BEGAN, Mark.DETECTED),
    ("time to mitigate", Mark.DETECTED, Mark.MITIGATED),
    ("time to find the cause", Mark.DETECTED, Mark.CAUSE_FOUND),
    ("time to fix", Mark.DETECTED, Mark.FIXED),
    ("time to verify", Mark.FIXED, Mark.VERIFIED),
)
NAMES: Final = tuple(name for name, *_ in _STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a step took. ``took`` is empty if the timeline does not say."""

    name: str
    start: Mark
    end: Mark
    took: str = ""
    remark: str = ""

    @property
    def formula(self) -> str:
        """How it is derived."""
        return f"{self.end} - {self.start}"


def durations(incident: Incident) -> Iterator[Duration]:
    """Yield each duration; detection counts from the first sign if the start is not known."""
    for name, start, end in _STEPS:
        start = _start_of(incident) if start is Mark.BEGAN else start
        took, remark = _took(incident, start, end), incident.durations.get(name, "")
        yield Duration(name=name, start=start, end=end, took=took, remark=remark)


def phases(incident: Incident) -> Iterator[Phase]:
    """Yield the phases that the timeline has both ends of, in order."""
    known = [mark for mark in (Mark.CAUSE_FOUND, Mark.DETECTED) if incident.at(mark)]
    for name, start, end in (
        ("not detected", _start_of(incident), Mark.DETECTED),
        ("not mitigated", Mark.DETECTED, Mark.MITIGATED),
        ("cause not known", Mark.DETECTED, Mark.CAUSE_FOUND),
        ("fix in work", next(iter(known), Mark.DETECTED), Mark.FIXED),
        ("fix watched", Mark.FIXED, Mark.VERIFIED),
    ):
        first, last = incident.at(start), incident.at(end)
        if first and last:
            yield Phase(name=name, start=first, end=last, took=elapsed(first, last))


def _start_of(incident: Incident) -> Mark:
    return Mark.FIRST_SIGN if incident.at(Mark.BEGAN) is None else Mark.BEGAN


def _took(incident: Incident, start: Mark, end: Mark) -> str:
    first, last = incident.at(start), incident.at(end)
    return elapsed(first, last) if first and last else ""
