"""A report as JSON: for a program that reads it, and for comparing two runs.

The same service and options give the same file, apart from ``real_seconds``, and from ``cells``
and ``not_run`` if the time of ``--seconds`` runs out. Keys are only added within a ``format``.

``service``
    What was checked and with which options. Values of headers are not included.
``dependencies``
    What the service calls while nothing fails: ``protocol``, ``phases``, ``calls``, and ``place``,
    the line of its first call.
``cells``
    One entry per cell, named as ``--only`` takes it. Counts are 0 if nothing is wrong.
    ``seconds_to_clean`` is the time from the departure until the last session had ended, null if
    one never did; ``seconds_to_stop`` is null unless the service was told to stop, and did.
    ``gauge_error`` is what is left of the gauge's error after ghosts explain their part.
    ``side_effects`` are what the service did to this machine, or tried and was refused, such as a
    connection that is not TCP.
``findings``
    The causes, the worst first. ``line`` is the guilty line, the last of ``chain``; ``cell`` is
    the smallest of ``cells`` that shows it; ``command`` runs that one alone. ``held_bytes`` is
    rounded to two digits: the others differ between runs.
``notes``, ``not_run``
    What is worth knowing and no finding; names of cells that were left out for lack of time.
"""

import json
from pathlib import Path
from typing import Any, Final

from ghosts.check.check import Report
from ghosts.check.confinement.audit import SideEffect
from ghosts.check.findings import Finding, Rule
from ghosts.check.plan import Dependency
from ghosts.check.report.harm_words import MEASURES
from ghosts.check.report.order import names_in_order, results_in_order
from ghosts.check.report.portable import portable
from ghosts.check.report.replay_command import replay_command, shown_path
from ghosts.check.report.words import exceptions_of, headline, kept_by, since
from ghosts.check.result import CellResult, Place
from ghosts.check.service import Service

FORMAT: Final = "ghosts-check/1"
Json = dict[str, Any]


def write_json(report: Report, path: Path) -> None:
    """Write a report as JSON."""
    text = json.dumps(as_json(report), indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def as_json(report: Report) -> Json:
    """Return a report as values that JSON has."""
    return {
        "format": FORMAT,
        "service": _service(report.service),
        "dependencies": [_dependency(each) for each in report.dependencies],
        "cells": [_cell(each) for each in results_in_order(report)],
        "findings": [_finding(report, each) for each in report.findings],
        "notes": [
            {"text": portable(note.text), "cells": names_in_order(report, note.cells)}
            for note in report.notes
        ],
        "not_run": [cell.name for cell in report.not_run],
        "real_seconds": round(report.real_seconds, 1),
    }


def _service(service: Service) -> Json:
    return {
        "name": service.name,
        "path": shown_path(service.path),
        "headers": [name for name, _ in service.headers],
        "subprotocols": list(service.subprotocols),
        "frames": len(service.frames),
        "devices": service.devices,
        "real_time": service.by_wall_clock,
        "stay": service.stay,
        "gauge": service.gauge,
        "stubs": dict(service.stubs),
        "allowed": [f"{server.host}:{server.port}" for server in service.allowed],
    }


def _dependency(dependency: Dependency) -> Json:
    return {
        "name": dependency.name,
        "protocol": dependency.protocol.value,
        "phases": [phase.value for phase in dependency.phases],
        "calls": dependency.calls,
        "longest_gap": round(dependency.longest_gap, 1),
        "place": portable(dependency.place),
    }


def _cell(result: CellResult) -> Json:
    cell = result.cell
    return {
        "cell": cell.name,
        "dependency": cell.dependency,
        "mode": None if cell.mode is None else cell.mode.value,
        "departure": cell.departure.value,
        "devices": result.devices,
        "devices_left": result.left,
        **{name: result.count(harm) for harm, name in MEASURES.items()},
        "seconds_to_clean": _rounded(result.clean_after),
        "seconds_to_stop": _rounded(result.stopped_after),
        "gauges": {
            name: {"before": before, "connected": connected, "at_end": after}
            for name, (before, connected, after) in sorted(result.gauges.items())
        },
        "unhandled_exceptions": [portable(each) for each in result.exceptions],
        "side_effects": [_side_effect(each) for each in result.side_effects],
    }


def _side_effect(effect: SideEffect) -> Json:
    return {
        "what": portable(effect.what),
        "place": None if effect.place is None else portable(effect.place),
        "refused": effect.refused,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _finding(report: Report, finding: Finding) -> Json:
    symptom = finding.symptom
    return {
        "harm": finding.harm.value,
        "headline": headline(finding),
        "count": finding.count,
        "devices": finding.devices,
        "line": _place(finding.line),
        "chain": [_place(each) for each in symptom.chain],
        "created": [_place(each) for each in symptom.created],
        "waits_for": symptom.waits_for,
        "since": since(symptom),
        "detail": portable(symptom.detail),
        "held_bytes": _two_digits(symptom.held_bytes),
        "kept_by": [portable(each) for each in kept_by(symptom)],
        "also": [portable(each) for each in finding.also],
        "unhandled_exceptions": [portable(each) for each in exceptions_of(finding, report)],
        "rule": _rule(finding.rule),
        "cell": finding.cell.name,
        "cells": names_in_order(report, finding.cells),
        "command": replay_command(report.service, finding.cell),
    }


def _two_digits(size: int) -> int:
    """Return a size that is the same in each run: the last digits depend on the allocator."""
    return int(float(f"{size:.1e}"))


def _place(place: Place | None) -> Json | None:
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "function": place.function,
        "source": place.source,
    }


def _rule(rule: Rule | None) -> Json | None:
    if rule is None:
        return None
    return {
        "number": rule.number,
        "title": rule.title,
        "page": rule.page,
        "notebook": rule.notebook,
    }
