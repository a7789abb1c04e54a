"""A report of a check as one HTML file that needs nothing else, in a browser or on a projector."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import jinja2
from markupsafe import Markup, escape

from ghosts.check.check import Report
from ghosts.check.findings import Finding
from ghosts.check.plan import TOXICS, Cell, Departure
from ghosts.check.report.harm_words import counted
from ghosts.check.report.order import results_in_order
from ghosts.check.report.portable import portable
from ghosts.check.report.replay_command import replay_command, shown_path
from ghosts.check.report.words import (
    details,
    exceptions_of,
    headline,
    total_in_words,
    tried_in_words,
    unused,
)
from ghosts.check.result import CellResult, Harm, Place

if TYPE_CHECKING:
    from ghosts.records.fault import FaultMode

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_SHORT: Final = {
    Harm.GHOST: "ghost",
    Harm.HALF_OPEN: "half-open",
    Harm.ORPHAN: "orphan",
    Harm.LEAKED: "in memory",
    Harm.GAUGE: "gauge off by",
    Harm.BLOCKED_THREAD: "blocked",
    Harm.CUT_OFF: "cut off",
    Harm.STARVED: "starved",
    Harm.REFUSED: "refused",
    Harm.NEVER_STOPS: "never stops",
    Harm.SPINS: "loop blocked",
    Harm.EXITS: "ends itself",
    Harm.ENDLESS: "no end",
}
"""The words for harms in the cells of the table, where there is little room."""
_UNCOUNTED: Final = (Harm.NEVER_STOPS, Harm.SPINS, Harm.EXITS, Harm.ENDLESS)
_PLURAL_S: Final = (Harm.GHOST, Harm.ORPHAN)
_GUILT: Final = {Harm.GAUGE: "raised here", Harm.LEAKED: "registered here"}
"""What is said of the guilty line; of other harms, that they are held there."""
_DEPARTURES: Final = {
    Departure.CLOSE: "they close their connections",
    Departure.RESET: "their connections are reset",
    Departure.VANISH: "they read and answer nothing more",
    Departure.SILENT: "they answer pings and send nothing more",
    Departure.STOP: "they stay, and the service gets SIGTERM",
}


def _breakable(name: str) -> Markup:
    """Return a name that a browser may break after its dots and the like."""
    return Markup(re.sub(r"([.:/=])", r"\1<wbr>", str(escape(name))))


def _unbroken(text: str) -> Markup:
    """Return a text whose options, such as ``--seconds``, a browser does not break."""
    return Markup(re.sub(r"(--[a-z-]+)", r'<code class="option">\1</code>', str(escape(text))))


_TEMPLATES.filters |= {"breakable": _breakable, "unbroken": _unbroken}


class _Shown(NamedTuple):
    """A cell of the table: its class, its words, and all its measures."""

    kind: str
    text: str
    title: str


class _Row(NamedTuple):
    """A row of the table: a dependency that fails in one mode, or nothing that fails."""

    dependency: str
    mode: str
    toxic: str
    cells: list[_Shown]


@dataclass(frozen=True, slots=True)
class _Cause:
    """A finding as the page shows it."""

    number: int
    headline: str
    chain: Sequence[Place]
    guilt: str
    details: list[str]
    exceptions: list[str]
    finding: Finding
    others: list[str]
    command: str


def write_html(report: Report, path: Path) -> None:
    """Write a report as HTML."""
    path.write_text(as_html(report), encoding="utf-8")


def as_html(report: Report) -> str:
    """Return a report as a page that makes no request and needs no script."""
    service = report.service
    return _TEMPLATES.get_template("check.html.j2").render(
        service=service,
        path=shown_path(service.path),
        causes=[_cause(number, each, report) for number, each in enumerate(report.findings, 1)],
        total=total_in_words(report),
        tried=tried_in_words(report),
        departures=_DEPARTURES,
        rows=list(_rows(report)),
        dependencies=report.dependencies,
        placed=any(each.place for each in report.dependencies),
        notes=[(portable(each.text), [cell.name for cell in each.cells]) for each in report.notes],
        unused=unused(report),
        not_run=[cell.name for cell in report.not_run],
    )


def _cause(number: int, finding: Finding, report: Report) -> _Cause:
    return _Cause(
        number=number,
        headline=headline(finding),
        chain=finding.symptom.chain,
        guilt=_GUILT.get(finding.harm, "held here"),
        details=[portable(each) for each in details(finding)],
        exceptions=[portable(each) for each in exceptions_of(finding, report)],
        finding=finding,
        others=[cell.name for cell in finding.cells[1:]],
        command=replay_command(report.service, finding.cell),
    )


def _rows(report: Report) -> Iterator[_Row]:
    found = {cell for finding in report.findings for cell in finding.cells}
    by_cell = {result.cell: result for result in results_in_order(report)}
    pairs: dict[str, dict[FaultMode | None, None]] = {}
    for cell in (*by_cell, *report.not_run):
        pairs.setdefault(cell.dependency or "", {})[cell.mode] = None
    for dependency, modes in sorted(pairs.items(), key=lambda each: each[0] != ""):
        for mode in modes:
            cells = [Cell(dependency or None, mode, departure) for departure in Departure]
            yield _Row(
                dependency,
                "" if mode is None else mode.replace("_", " "),
                "" if mode is None else TOXICS.get(mode, ""),
                [_shown(by_cell.get(cell), cell in found) for cell in cells],
            )


def _shown(result: CellResult | None, is_finding: bool) -> _Shown:
    if result is None:
        return _Shown("empty", "not run", "not run")
    title = "; ".join([result.cell.name, *_measures(result)])
    worst = next((harm for harm in Harm if result.count(harm)), None)
    if worst is not None:
        return _Shown("bad" if is_finding else "noted", _in_short(worst, result), title)
    if result.cell.departure is Departure.STOP and result.stopped_after is not None:
        return _Shown("clean", f"stops in {result.stopped_after:.0f} s", title)
    if result.cell.departure is Departure.SILENT and not result.clean_after:
        return _Shown("clean", "still connected", title)
    return _Shown("clean", f"clean, {result.clean_after or 0:.0f} s", title)


def _in_short(harm: Harm, result: CellResult) -> str:
    count = result.count(harm)
    if harm is Harm.GAUGE:
        return f"{_SHORT[harm]} {count}"
    plural = "s" if harm in _PLURAL_S and count != 1 else ""
    return f"{'✖' if harm in _UNCOUNTED else count} {_SHORT[harm]}{plural}"


def _measures(result: CellResult) -> Iterator[str]:
    """Yield every measure of a cell in words."""
    yield f"{result.left} of {result.devices} devices left"
    for harm in Harm:
        yield counted(harm, result.count(harm))
    if result.clean_after is None:
        yield "not clean at the end"
    else:
        yield f"clean {result.clean_after:.1f} s after the departure"
    if result.stopped_after is not None:
        yield f"stopped after {result.stopped_after:.1f} s"
    for name, (before, connected, after) in sorted(result.gauges.items()):
        yield f"gauge {name}: {before:g} before, {connected:g} with all, {after:g} at the end"
    for text in result.exceptions:
        yield f"unhandled {portable(text)}"
    for effect in result.side_effects:
        yield f"{portable(effect.what)}{', refused' if effect.refused else ''}"
