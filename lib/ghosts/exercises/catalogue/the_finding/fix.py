"""Judge a fix of the recorder: nothing is left behind, and it still does its work."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ghosts.check.check import Report
from ghosts.check.plan import Cell, Departure
from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.errors import GhostsError
from ghosts.exercises.answers import as_async_function, kind_of
from ghosts.exercises.catalogue.the_finding.advice import in_words, lines_of
from ghosts.exercises.catalogue.the_finding.recorder import (
    GAUGE,
    HEALTHY,
    HOOKS,
    STORAGE,
    checked,
    original,
)
from ghosts.exercises.catalogue.the_finding.storage import UPLOAD_SECONDS
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement, Seen

_CLEAN_SECONDS: Final = 75.0
"""After a disconnect, by which a session has ended: twice what a bounded drain takes."""
_NOTHING_UPLOADED: Final = f"Nothing is uploaded any more: {STORAGE} is never called."
_Fault = Callable[[Report], Incorrect | None]


def judged(fix: object) -> Outcome:
    """Return whether a fix is right: a function in place of ``record``, or a whole service."""
    if callable(fix):
        function = as_async_function(fix, "fix", "session")
        if isinstance(function, Incorrect):
            return function
        fix = function
    elif not isinstance(fix, str | Path) or not str(fix).strip():
        return Incorrect(
            "fix should be an async function in place of record, or a file with the whole service, "
            f"and it is {kind_of(fix)}."
        )
    try:
        report = checked(fix)
    except GhostsError as error:
        return Incorrect(_refused(str(error)))
    return _outcome(report)


def _refused(text: str) -> str:
    """Return why a service cannot be checked, in words about the fix."""
    error = text.partition("; see --")[0]  # without the options of the command
    if error.startswith(f"no dependency {STORAGE!r}"):
        return _NOTHING_UPLOADED
    if "no gauge" in error:
        return f"The gauge {GAUGE} is gone: nobody would see ghosts any more. {error}."
    if error.startswith("no device is let in"):
        return f"No device is let in any more: a service without sessions has no ghosts. {error}."
    if error.startswith("the service itself ends the session of every device"):
        return (
            "Every device is cut off although it stays: the handler returns before they leave. A "
            "limit around the whole session ends healthy ones as well."
        )
    if error.startswith("every device is cut off"):
        return f"The handler raises although no backend fails: {error}."
    if "blocks the event loop" in error:
        return f"All devices wait while one line keeps the event loop: {error}."
    if "simulated time stands still" in error:
        return f"A task polls without a pause, and leaves no time for anything else: {error}."
    return f"The service cannot be checked: {error}."


def _outcome(report: Report) -> Outcome:
    examined: list[Requirement] = []
    for words, fault in _REQUIREMENTS:
        wrong = fault(report)
        if wrong is not None:
            rest = [Requirement(each, None) for each, _ in _REQUIREMENTS[len(examined) + 1 :]]
            requirements = (*examined, Requirement(words, met=False), *rest)
            return Incorrect(wrong.reason, wrong.seen, requirements)
        examined.append(Requirement(words, met=True))
    slowest = max(each.clean_after or 0.0 for each in report.results)
    return Correct(
        f"ghosts check finds nothing in {len(report.results)} cells, and storage has received all "
        f"audio while it works. The last session ends {slowest:.0f} s after its device has left. "
        "While storage hangs, audio is dropped at that bound: exercise 5 is about that.",
        {"audio in storage": _bytes(report, HEALTHY[0]), "findings": len(report.findings)},
        tuple(examined),
    )


def _let_in_and_counted(report: Report) -> Incorrect | None:
    for result in report.results:
        before, inside, _ = result.gauges.get(GAUGE, (0.0, 0.0, 0.0))
        if inside - before != result.devices and _in(result, *HEALTHY):
            return Incorrect(
                f"The gauge does not count the devices: {result.devices} are connected, and it "
                f"reads {inside - before:g}.",
                _seen(report, result),
            )
    return None


def _stay_connected(report: Report) -> Incorrect | None:
    for result in report.results:
        for symptom in result.symptoms:
            if symptom.harm is Harm.CUT_OFF:
                return _cut_off(report, result, symptom)
            if symptom.harm in (Harm.STARVED, Harm.REFUSED):
                return Incorrect(
                    f"A device is harmed: {symptom.harm}, {symptom.detail}.", _seen(report, result)
                )
    return None


def _cut_off(report: Report, result: CellResult, symptom: Symptom) -> Incorrect:
    reason = symptom.detail or "its handler has ended"
    what = (
        "although nothing fails"
        if result.cell.dependency is None
        else f"while {result.cell.in_words()}"
    )
    hint = (
        " The handler has returned: a limit around the whole session ends healthy ones as well."
        if reason.startswith("the handler returned")
        else " The handler has raised: a call that fails is to be logged, and ends no session."
    )
    return Incorrect(
        f"A device that stays connected is cut off, {what}: {reason}.{hint}", _seen(report, result)
    )


def _delivers(report: Report) -> Incorrect | None:
    for cell in HEALTHY:
        got, sent = _accepted(report, cell), _accepted(original(), cell)
        result = _result(report, cell)
        if got == sent or result is None:
            continue
        seen = _seen(report, result)
        if STORAGE not in (each.name for each in result.dependencies):
            return Incorrect(_NOTHING_UPLOADED, seen)
        if got > sent:
            return Incorrect("Audio is uploaded more than once, although nothing fails.", seen)
        per_device = (sent - got) / result.devices
        if per_device <= _FRAME * _AT_THE_END:
            return Incorrect(
                "Storage works, and the last audio of each device is not uploaded: at the "
                "disconnect the upload is cancelled before it has finished. It is due within 5 s, "
                f"and takes {UPLOAD_SECONDS:g} s.",
                seen,
            )
        return Incorrect(
            f"Storage works, and audio is not uploaded while devices are connected: an upload "
            f"takes {UPLOAD_SECONDS:g} s here, so a shorter deadline cuts off healthy uploads.",
            seen,
        )
    return None


_FRAME: Final = 400
_AT_THE_END: Final = 2
"""Frames of a device that can be queued or on their way when it leaves."""


def _notifies(report: Report) -> Incorrect | None:
    def calls(report: Report) -> int:
        result = _result(report, HEALTHY[0])
        found = (
            each.calls for each in (result.dependencies if result else ()) if each.name == HOOKS
        )
        return next(found, 0)

    told, usual = calls(report), calls(original())
    if told * 2 < usual:
        result = _result(report, HEALTHY[0])
        assert result is not None
        return Incorrect(
            f"The webhook is hardly told any more: {told} calls instead of {usual}. notify() is "
            "part of the session's work.",
            {**_seen(report, result), f"calls of {HOOKS}": f"{told} of {usual}"},
        )
    return None


def _nothing_left(report: Report) -> Incorrect | None:
    if not report.findings:
        return None
    finding = report.findings[0]
    result = _result(report, finding.cell)
    assert result is not None
    return Incorrect(in_words(finding), {**_seen(report, result), **lines_of(finding)})


def _ends_soon(report: Report) -> Incorrect | None:
    for result in report.results:
        if result.clean_after is not None and result.clean_after > _CLEAN_SECONDS:
            return Incorrect(
                f"The last session ends {result.clean_after:.0f} s after its device has left, "
                f"while {result.cell.in_words()}: the bound is too long, or it begins at the "
                "connect and not at the disconnect.",
                _seen(report, result),
            )
    return None


def _stops(report: Report) -> Incorrect | None:
    for result in report.results:
        if result.cell.departure is Departure.STOP and result.stopped_after is None:
            return Incorrect(
                "The service does not stop any more: a handler is left that does not end.",
                _seen(report, result),
            )
    return None


_REQUIREMENTS: Final[tuple[tuple[str, _Fault], ...]] = (
    ("devices are let in, and the gauge counts them", _let_in_and_counted),
    ("no device is cut off", _stay_connected),
    ("all audio is uploaded while storage works", _delivers),
    ("the webhook is told", _notifies),
    ("ghosts check finds nothing", _nothing_left),
    (f"a session ends within {_CLEAN_SECONDS:g} s of the disconnect", _ends_soon),
    ("the service stops on SIGTERM", _stops),
)


def _in(result: CellResult, *cells: Cell) -> bool:
    return result.cell in cells


def _result(report: Report, cell: Cell) -> CellResult | None:
    return next((each for each in report.results if each.cell == cell), None)


def _accepted(report: Report, cell: Cell) -> int:
    result = _result(report, cell)
    found = (
        each.accepted for each in (result.dependencies if result else ()) if each.name == STORAGE
    )
    return next(found, 0)


def _bytes(report: Report, cell: Cell) -> str:
    return f"{_accepted(report, cell):,} of {_accepted(original(), cell):,} bytes"


def _seen(report: Report, result: CellResult) -> Seen:
    """Return what a cell looked like at its end: devices, gauge, handlers, tasks, audio."""
    before, _, after = result.gauges.get(GAUGE, (0.0, 0.0, 0.0))
    seen: dict[str, object] = {
        "cell": result.cell.name,
        "connected devices": result.connected,
        "gauge": f"{after - before:g}",
        "ghosts": result.count(Harm.GHOST),
        "orphan tasks": result.count(Harm.ORPHAN),
    }
    if result.cell.dependency is None:
        seen["audio in storage"] = _bytes(report, result.cell)
    if result.exceptions:
        seen["unhandled"] = result.exceptions[0].splitlines()[0]
    return seen
