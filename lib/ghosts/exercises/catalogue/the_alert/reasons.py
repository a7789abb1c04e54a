"""The reason for which an alert is refused: what it did, on which pod, and what led to that."""

from collections.abc import Callable, Mapping
from typing import Final

from ghosts.exercises.catalogue.the_alert.findings import Finding, Kind
from ghosts.exercises.catalogue.the_alert.fleet import BOUND, MANY
from ghosts.exercises.catalogue.the_alert.lessons import (
    of_a_false_alarm,
    of_an_offset,
    of_missing_ghosts,
    of_staying,
    of_the_labels,
)
from ghosts.exercises.catalogue.the_alert.structure import alerts_of
from ghosts.exercises.catalogue.the_alert.unmet import Groups

_BOUND: Final = f"{BOUND / 60:g} minutes"


def reason_for(groups: Groups, finding: Finding) -> str:
    """Return why an alert is wrong, from one thing that it did."""
    did, lesson = _OF_KIND[finding.kind]
    because = of_an_offset(groups, finding) or lesson(groups, finding)
    several = len(alerts_of(groups)) > 1 and finding.alert is not None
    which = f"alert {finding.alert.name}: " if several and finding.alert else ""
    return f"{which}{did(finding)} {because}".strip()


def _minute(second: float) -> str:
    return f"minute {second / 60:g}"


def _counts(finding: Finding) -> str:
    counts = finding.fleet.counts(finding.pod, finding.second)
    return f"gauge {counts['gauge']}, TCP connections {counts['TCP connections']}"


def _unnamed(finding: Finding) -> str:
    assert finding.alert is not None
    own = finding.alert.labels
    labels = ", ".join(f'{key}="{value}"' for key, value in sorted(own.items())) or "no label"
    pods = len(finding.fleet.pods)
    size = "one pod" if pods == 1 else f"{pods} pods"
    return (
        f"it fires at {_minute(finding.second)} in a fleet of {size}, and does not name the "
        f"pod: its alert has {labels}."
    )


def _never(finding: Finding) -> str:
    return (
        f"it does not fire on {finding.pod.words}. At {_minute(finding.second)}, {_BOUND} after "
        f"there were {MANY} ghosts: {_counts(finding)}."
    )


def _late(finding: Finding) -> str:
    after = finding.second - finding.pod.due + BOUND
    return (
        f"it fires at {_minute(finding.second)} on {finding.pod.words}, with "
        f"{finding.pod.ghosts_at(finding.second)} ghosts. That is {after / 60:g} minutes after "
        f"there were {MANY}; it should be at most {BOUND / 60:g}."
    )


def _false(finding: Finding) -> str:
    return f"it fires at {_minute(finding.second)} on {finding.pod.words}: {_counts(finding)}."


def _stops(finding: Finding) -> str:
    return (
        f"it stops at {_minute(finding.second)} on {finding.pod.words}, with "
        f"{finding.pod.ghosts_at(finding.second)} ghosts still there."
    )


def _stays(finding: Finding) -> str:
    return (
        f"it still fires at {_minute(finding.second)} on {finding.pod.words}: {_BOUND} after the "
        "ghosts were gone."
    )


_OF_KIND: Final[
    Mapping[Kind, tuple[Callable[[Finding], str], Callable[[Groups, Finding], str]]]
] = {
    Kind.UNNAMED: (_unnamed, of_the_labels),
    Kind.NEVER: (_never, of_missing_ghosts),
    Kind.LATE: (_late, of_missing_ghosts),
    Kind.FALSE: (_false, of_a_false_alarm),
    Kind.STOPS: (_stops, of_missing_ghosts),
    Kind.STAYS: (_stays, of_staying),
}
"""What an alert did, and what led to it."""
