"""A report of a check in plain words, for a terminal and for a test that fails."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from ghosts.check.check import Report
from ghosts.check.findings import Finding
from ghosts.check.plan import Departure, Dependency, Protocol
from ghosts.check.report.harm_words import counted
from ghosts.check.report.order import results_in_order
from ghosts.check.report.replay_command import replay_command
from ghosts.check.result import Harm, Symptom
from ghosts.check.world.outgoing import name_of

_CELLS: Final = 3
"""Further cells of a finding that are named; the files of ``--json`` and ``--html`` name all."""
_EXCEPTIONS: Final = 2
"""Unhandled exceptions that are named for each finding."""
_NOTES: Final = 8
_MOST_STEPS: Final = 6
_FROM_GLOBAL: Final = 4
"""How many of them are the first ones; from the event loop it is one: the last ones say more."""
_GLOBAL: Final = "module global "
"""How a reference begins that keeps what it refers to, whatever is before it."""
_LENGTH: Final = 160
"""Letters of an exception that are shown."""


class Kind(StrEnum):
    """What a line is, so that a terminal can show it in a style of its own."""

    PLAIN = "plain"
    HEADLINE = "headline"
    GUILTY = "guilty"
    FAINT = "faint"
    CLEAN = "clean"


class Line(NamedTuple):
    """A line of a report."""

    text: str
    kind: Kind = Kind.PLAIN


def report_in_words(report: Report) -> str:
    """Return a report as text: what the service calls, the findings, the notes, the total."""
    return "\n".join(line.text for line in lines(report))


def lines(report: Report) -> Iterator[Line]:
    """Yield the lines of a report."""
    yield Line(f"{report.service.name} calls:")
    for dependency in report.dependencies:
        yield Line(f"  {dependency_in_words(dependency)}")
    if not report.dependencies:
        yield Line("  nothing")
    for number, finding in enumerate(report.findings, 1):
        yield Line("")
        yield from finding_in_words(number, finding, report)
    notes = [
        f"{note.text} ({note.cells[0].name})" if note.cells else note.text for note in report.notes
    ]
    if len(notes) > _NOTES:
        notes[_NOTES:] = [f"{len(notes) - _NOTES} more notes: see --html and --json"]
    notes += unused(report)
    if notes:
        yield Line("")
        yield Line("Notes:")
        for note in notes:
            yield Line(f"  {note}")
    yield Line("")
    if not report.findings:
        yield Line(tried_in_words(report))
    yield Line(total_in_words(report), Kind.PLAIN if report.findings else Kind.CLEAN)


def dependency_in_words(dependency: Dependency) -> str:
    """Return a dependency, what it speaks, and when it is called."""
    unit = "message" if dependency.protocol is Protocol.WEBSOCKET else "call"
    calls = f"{dependency.calls} {unit}{'' if dependency.calls == 1 else 's'}"
    when = " and ".join(dependency.phases)
    place = f", first at {dependency.place}" if dependency.place else ""
    return f"{dependency.name} ({dependency.protocol}): {calls} at {when}{place}"


def headline(finding: Finding) -> str:
    """Return a finding in one line."""
    what = counted(finding.harm, finding.count)
    return f"{what}: {finding.fault_in_words()}, {_departure_in_words(finding)}"


def _departure_in_words(finding: Finding) -> str:
    return {
        Departure.CLOSE: "devices close",
        Departure.RESET: "devices reset",
        Departure.VANISH: "devices vanish",
        Departure.SILENT: "devices fall silent",
        Departure.STOP: "the service is told to stop",
    }[finding.cell.departure]


def finding_in_words(number: int, finding: Finding, report: Report) -> Iterator[Line]:
    """Yield the lines of one finding: what, where, since when, why, and how to see it again."""
    yield Line(f"{number}. {headline(finding)}", Kind.HEADLINE)
    chain = finding.symptom.chain
    for place in chain[:-1]:
        yield Line(f"      {place}: {place.source}")
    for place in chain[-1:]:
        yield Line(f"   -> {place}: {place.source}", Kind.GUILTY)
    for text in (*details(finding), *_raised(finding, report)):
        yield Line(f"   {text}")
    if finding.rule is not None:
        rule = finding.rule
        yield Line(f"   rule {rule.number}, {rule.title}: {rule.page}, {rule.notebook}")
    if len(finding.cells) > 1:
        others = ", ".join(cell.name for cell in finding.cells[1 : _CELLS + 1])
        more = len(finding.cells) - _CELLS - 1
        yield Line(f"   also in {others}{f' and {more} more' if more > 0 else ''}", Kind.FAINT)
    yield Line(f"   alone: {replay_command(report.service, finding.cell)}", Kind.FAINT)


def details(finding: Finding) -> Iterator[str]:
    """Yield what is known of a finding beyond its lines."""
    symptom = finding.symptom
    if symptom.created:
        *callers, line = symptom.created
        yield f"the task was created at {line}: {line.source}"
        yield from (f"  called by {each}: {each.source}" for each in reversed(callers))
    waits = f"waits for {symptom.waits_for}" if symptom.waits_for else ""
    if said := "; ".join(filter(None, (waits, since(symptom)))):
        yield said
    if symptom.detail:
        yield symptom.detail
    if symptom.held_bytes:
        who = "it keeps" if finding.count == 1 else "each keeps"
        yield f"{who} {symptom.held_bytes:,} bytes reachable"
    if symptom.kept_by:
        yield f"kept by {' -> '.join(kept_by(symptom))}"
    yield from finding.also


def kept_by(symptom: Symptom) -> tuple[str, ...]:
    """Return the references that keep a session, from the last global variable on the way.

    Of many the first and the last few are returned: the others are mostly inside of a library.
    """
    steps = symptom.kept_by
    start = max((place for place, step in enumerate(steps) if step.startswith(_GLOBAL)), default=0)
    shown = steps[start:]
    first = _FROM_GLOBAL if shown and shown[0].startswith(_GLOBAL) else 1
    more = len(shown) - _MOST_STEPS
    if more <= 1:
        return shown
    return (*shown[:first], f"{more} more", *shown[first - _MOST_STEPS :])


def since(symptom: Symptom) -> str:
    """Return since when a symptom has lasted, in simulated time; empty if that is not known."""
    match symptom.harm:
        case Harm.GHOST:
            return f"its connection has been gone for {symptom.seconds:.0f} s"
        case Harm.HALF_OPEN:
            return f"its device has been gone for {symptom.seconds:.0f} s"
        case Harm.ORPHAN | Harm.LEAKED:
            return f"its session has been over for {symptom.seconds:.0f} s"
        case Harm.NEVER_STOPS:
            return f"it was told to stop {symptom.seconds:.0f} s ago"
    return ""


def _raised(finding: Finding, report: Report) -> Iterator[str]:
    raised = exceptions_of(finding, report)
    for text in raised[:_EXCEPTIONS]:
        first = text.splitlines()[0] if text else text
        yield f"unhandled: {first if len(first) <= _LENGTH else f'{first[: _LENGTH - 3]}...'}"
    if len(raised) > _EXCEPTIONS:
        yield f"unhandled: {len(raised) - _EXCEPTIONS} more"


def exceptions_of(finding: Finding, report: Report) -> list[str]:
    """Return what nothing has handled in the cell of a finding, apart from what its detail says."""
    return [
        text
        for result in report.results
        if result.cell == finding.cell
        for text in result.exceptions
        if text not in finding.symptom.detail
    ]


def unused(report: Report) -> list[str]:
    """Return which options name a host that the service does not call."""
    names = {dependency.name for dependency in report.dependencies}
    names |= {name.partition(":")[0] for name in names}
    stubs = [f"--stub {host}" for host in report.service.stubs if host not in names]
    servers = [
        f"--allow {server.host}:{server.port}"
        for server in report.service.allowed
        if name_of(server.host, server.port) not in names
    ]
    return [f"{option}: the service does not call it" for option in (*stubs, *servers)]


def tried_in_words(report: Report) -> str:
    """Return what was tried, in one line."""
    cells = [result.cell for result in results_in_order(report)]
    modes = dict.fromkeys(cell.mode.replace("_", " ") for cell in cells if cell.mode is not None)
    departures = [each for each in Departure if any(cell.departure is each for cell in cells)]
    faults = f"dependencies: {', '.join(modes)}" if modes else "nothing fails"
    return f"Tried: {faults}; departures: {', '.join(departures)}."


def total_in_words(report: Report) -> str:
    """Return how many findings there are, and in how many cells of how many."""
    found, ran = len(report.findings), len(report.results)
    findings = f"{found} finding{'s' if found != 1 else ''}" if found else "Nothing found"
    cells = f"{ran} cell{'s' if ran != 1 else ''}"
    total = f"{findings} in {cells}, {report.real_seconds:.0f} s."
    if report.not_run:
        left, first = len(report.not_run), report.not_run[0].name
        cells = f"{left} cells, from {first} on" if left > 1 else first
        total += f" Not run for lack of time: {cells}; see --seconds."
    return total
