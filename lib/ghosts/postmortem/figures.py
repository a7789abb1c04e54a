"""The figures that a text may name, each with its kind and its source."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ghosts import evidence
from ghosts.errors import unknown
from ghosts.postmortem.durations import durations
from ghosts.postmortem.incident import Incident
from ghosts.postmortem.load import IncidentError
from ghosts.postmortem.measures import MEASURES
from ghosts.records.recording import Recording

REPLAYED: Final = "replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A figure with its unit, how it was obtained, and where from."""

    name: str
    text: str
    kind: str
    source: str
    date: str = ""


class Figures:
    """All figures of an incident by name; remembers which were cited, in order."""

    def __init__(self, incident: Incident, recordings: Sequence[Recording]) -> None:
        record = _public_record() if incident.public_record else ()
        found = (*record, *_own(incident), *_replayed(recordings))
        self._known: dict[str, Cited] = {one.name: one for one in found}
        self._cited: dict[str, Cited] = {}

    def cite(self, name: str) -> Cited:
        """Return a figure by its name, and remember it.

        Raises:
            IncidentError: there is none of this name.
        """
        if name not in self._known:
            variant, _, measure = name.partition(".")
            if measure in MEASURES:
                raise IncidentError(
                    f"figure {{{name}}}: no recording of the variant {variant!r}: give one"
                )
            raise IncidentError(unknown("figure", f"{{{name}}}", map(_braced, self._known)))
        self._cited[name] = self._known[name]
        return self._known[name]

    def cited(self) -> list[Cited]:
        """Return what was cited so far, each followed by what it is derived from."""
        found: dict[str, Cited] = {}
        for name in self._cited:
            self._add(name, found)
        return list(found.values())

    def _add(self, name: str, found: dict[str, Cited]) -> None:
        one = self._known[name]
        if name in found:
            return
        found[name] = one
        if one.kind in (evidence.Kind.DERIVED, evidence.Kind.INFERRED):
            for part in re.findall(r"[\w.-]*[A-Za-z_][\w.-]*", one.source):
                if part in self._known:
                    self._add(part, found)


def _braced(name: str) -> str:
    return f"{{{name}}}"


def number(value: float) -> str:
    """Return a number as published, with its thousands grouped."""
    return f"{value:,.12g}"


def _public_record() -> Iterator[Cited]:
    for one in evidence.facts():
        yield Cited(
            name=one.name,
            text=f"{number(one.value)} {one.unit}",
            kind=one.kind,
            source=one.source,
            date=f"{one.date or ''}",
        )
    yield from _pods()
    refuted = [one for one in evidence.diagnoses() if one.verdict is evidence.Verdict.REFUTED]
    yield Cited(
        name="refuted diagnoses",
        text=f"{len(refuted)} diagnoses",
        kind=evidence.Kind.DERIVED,
        source="the rows of data/diagnoses.csv whose verdict is refuted",
    )
    for event in evidence.timeline():
        yield Cited(name=event.event, text=f"{event.date}", kind=event.kind, source=event.source)
    for check in evidence.post_deploy():
        span = dict.fromkeys((number(check.low), number(check.high)))
        yield Cited(
            name=f"{check.check} after {check.hours_after:g} h",
            text=f"{' to '.join(span)} {check.unit}",
            kind=check.kind,
            source=check.source,
        )
    for pool in evidence.thread_pools():
        if pool.since:
            yield Cited(
                name=f"{pool.pool} pool since {pool.since}",
                text=f"{pool.workers} threads",
                kind=pool.kind,
                source=pool.source,
                date=f"{pool.since}",
            )


def _pods() -> Iterator[Cited]:
    """Yield the counts of each inspected pod, and of all those of one day together."""
    pods = evidence.pods()
    for pod in pods:
        yield from _counts(pod.pod, f"{pod.date}", pod.gauge, pod.tcp, pod.kind, pod.source)
    for day, same in groupby(pods, key=lambda pod: pod.date):
        those = list(same)
        if len(those) > 1:
            gauge, tcp = (sum(getattr(one, name) for one in those) for name in ("gauge", "tcp"))
            name = f"pods of {day}"
            yield from _counts(name, f"{day}", gauge, tcp, those[0].kind, those[0].source)
            yield Cited(
                name=name,
                text=f"{len(those)} pods",
                kind=those[0].kind,
                source=those[0].source,
                date=f"{day}",
            )


def _counts(name: str, date: str, gauge: int, tcp: int, kind: str, source: str) -> Iterator[Cited]:
    for what, value, unit in (("gauge", gauge, "connections"), ("tcp", tcp, "TCP connections")):
        yield Cited(
            name=f"{name}.{what}", text=f"{value} {unit}", kind=kind, source=source, date=date
        )
    yield Cited(
        name=f"{name}.ghosts",
        text=f"{gauge - tcp} ghosts",
        kind=evidence.Kind.DERIVED,
        source=f"{name}.gauge - {name}.tcp, {source}",
        date=date,
    )


def _own(incident: Incident) -> Iterator[Cited]:
    for one in incident.figures:
        value = one.value if isinstance(one.value, str) else number(one.value)
        text = f"{value} {one.unit}".strip()
        yield Cited(name=one.name, text=text, kind=one.kind, source=one.source)
    for entry in incident.timeline:
        if entry.mark and entry.at:
            kind, source = entry.kind or evidence.Kind.STATED, entry.source or "the timeline"
            yield Cited(name=f"{entry.mark}", text=f"{entry.at}", kind=kind, source=source)
    for took in durations(incident):
        if took.took:
            yield Cited(
                name=took.name,
                text=took.took,
                kind=evidence.Kind.DERIVED,
                source=f"{took.formula}, the timeline",
            )


def _replayed(recordings: Sequence[Recording]) -> Iterator[Cited]:
    for recording in recordings:
        for name, measure in MEASURES.items():
            yield Cited(
                name=f"{recording.variant}.{name}",
                text=measure.in_text(recording),
                kind=REPLAYED,
                source=f"recording of {recording.scenario.name} under {recording.variant}",
            )
