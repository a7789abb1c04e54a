"""What an alert does wrong in a fleet: pod by pod, when it fires against when it has to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ghosts.alerts import Alert, Evaluated
from ghosts.exercises.catalogue.the_alert.fleet import BOUND, Fleet, Pod

_END: Final = float("inf")


class Kind(Enum):
    """What is wrong, in the words of the requirement that is not held."""

    UNNAMED = "each alert has the label pod, with the name of a pod"
    NEVER = "fires for each pod with 15 ghosts or more"
    LATE = "fires within 15 minutes"
    FALSE = "does not fire on a pod without ghosts"
    STOPS = "fires until the ghosts are gone"
    STAYS = "ends within 15 minutes once they are gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that an alert does wrong."""

    kind: Kind
    fleet: Fleet
    evaluated: Evaluated
    pod: Pod
    """The first pod of the fleet that has ghosts if the alert names none."""
    second: float
    """When it fires, stops or should have fired."""
    alert: Alert | None = None
    """The alert that does it; None if it is one that does not fire."""


@dataclass(frozen=True, slots=True)
class _Span:
    begin: float
    end: float
    alert: Alert


def spans(evaluated: Evaluated) -> Mapping[str, list[_Span]]:
    """Return when alerts fire, by the pod that they name, in order, joined where they meet."""
    found: dict[str, list[_Span]] = {}
    for alert in evaluated.fired():
        begin, end = alert.fired_at or 0.0, _END if alert.ended_at is None else alert.ended_at
        those = found.setdefault(alert.labels.get("pod", ""), [])
        if those and begin <= those[-1].end:
            last = those.pop()
            those.append(_Span(last.begin, max(last.end, end), last.alert))
        else:
            those.append(_Span(begin, end, alert))
    return found


def findings(fleet: Fleet, evaluated: Evaluated) -> Iterator[Finding]:
    """Yield everything that is wrong with an alert in a fleet."""
    found = spans(evaluated)

    def finding(kind: Kind, pod: Pod, second: float, span: _Span | None = None) -> Finding:
        return Finding(
            kind=kind,
            fleet=fleet,
            evaluated=evaluated,
            pod=pod,
            second=second,
            alert=None if span is None else span.alert,
        )

    for name, those in found.items():
        if name not in fleet.pods:
            some = next((pod for pod in fleet.pods.values() if pod.has_many), None)
            pod = some or next(iter(fleet.pods.values()))
            yield finding(Kind.UNNAMED, pod, those[0].begin, those[0])
    for pod in fleet.pods.values():
        mine = found.get(pod.name, [])
        if pod.has_many:
            for kind, second, span in _of_ghosts(pod, mine, fleet.series.until):
                yield finding(kind, pod, second, span)
        elif mine:
            yield finding(Kind.FALSE, pod, mine[0].begin, mine[0])


def _of_ghosts(
    pod: Pod, mine: list[_Span], until: float
) -> Iterator[tuple[Kind, float, _Span | None]]:
    """Yield what is wrong with the spans in which an alert fires on a pod with many ghosts."""
    gone = _END if pod.gone is None else pod.gone
    early = [span for span in mine if span.begin < pod.first or span.begin > gone + BOUND]
    if early:
        yield Kind.FALSE, early[0].begin, early[0]
    those = [span for span in mine if span.end > pod.first and span.begin <= gone + BOUND]
    if not those:
        yield Kind.NEVER, pod.due, None
        return
    on_time = next((span for span in those if span.begin <= pod.due < span.end), None)
    later = next((span for span in those if span.begin > pod.due), None)
    if on_time is None and later is not None:
        yield Kind.LATE, later.begin, later
    elif on_time is None or on_time.end < min(gone, until):
        stopped = on_time or those[-1]
        yield Kind.STOPS, stopped.end, stopped
    if gone + BOUND < min(those[-1].end, until):
        yield Kind.STAYS, gone + BOUND, those[-1]
