"""Judge what ``ghosts check`` reports of a fix of the recorder."""

from ghosts.check.check import Report
from ghosts.check.plan import Cell, Departure
from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.exercises.catalogue.the_finding.advice import in_words, lines_of
from ghosts.exercises.catalogue.the_finding.conduct import CLEAN_SECONDS, SLACK_SECONDS
from ghosts.exercises.catalogue.the_finding.recorder import GAUGE, HEALTHY
from ghosts.exercises.outcome import Incorrect, Seen


def lets_in_and_counts(report: Report) -> Incorrect | None:
    """Return whether the gauge does not count the devices that are connected."""
    for result in report.results:
        before, inside, _ = result.gauges.get(GAUGE, (0.0, 0.0, 0.0))
        if inside - before != result.devices and result.cell == HEALTHY:
            return Incorrect(
                f"The gauge does not count the devices: {result.devices} are connected, and it "
                f"reads {inside - before:g}.",
                _seen(result),
            )
    return None


def keeps_connected(report: Report) -> Incorrect | None:
    """Return which device a cell has cut off, starved or refused."""
    for result in report.results:
        for symptom in result.symptoms:
            if symptom.harm is Harm.CUT_OFF:
                return _cut_off(result, symptom)
            if symptom.harm in (Harm.STARVED, Harm.REFUSED):
                return Incorrect(
                    f"A device is harmed: {symptom.harm}, {symptom.detail}.", _seen(result)
                )
    return None


def _cut_off(result: CellResult, symptom: Symptom) -> Incorrect:
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
        f"A device that stays connected is cut off, {what}: {reason}.{hint}", _seen(result)
    )


def leaves_nothing(report: Report) -> Incorrect | None:
    """Return the first finding."""
    if not report.findings:
        return None
    finding = report.findings[0]
    result = _result(report, finding.cell)
    assert result is not None
    before, _, after = result.gauges.get(GAUGE, (0.0, 0.0, 0.0))
    words = in_words(finding, after - before - result.connected)
    return Incorrect(words, {**_seen(result), **lines_of(finding)})


def drains_in_time(report: Report) -> Incorrect | None:
    """Return the cell whose last session has not ended in time."""
    for result in report.results:
        if result.clean_after is not None and result.clean_after > CLEAN_SECONDS + SLACK_SECONDS:
            return Incorrect(
                f"The last session ends {result.clean_after:.1f} s after its device has left, "
                f"while {result.cell.in_words()}: the bound is too long, or it begins at the "
                "connect and not at the disconnect.",
                _seen(result),
            )
    return None


def stops(report: Report) -> Incorrect | None:
    """Return whether the service does not stop on SIGTERM."""
    for result in report.results:
        if result.cell.departure is Departure.STOP and result.stopped_after is None:
            return Incorrect(
                "The service does not stop any more: a handler is left that does not end.",
                _seen(result),
            )
    return None


def _result(report: Report, cell: Cell) -> CellResult | None:
    return next((each for each in report.results if each.cell == cell), None)


def _seen(result: CellResult) -> Seen:
    """Return what a cell looked like at its end: devices, gauge, handlers, tasks, audio."""
    before, _, after = result.gauges.get(GAUGE, (0.0, 0.0, 0.0))
    seen: dict[str, object] = {
        "cell": result.cell.name,
        "connected devices": result.connected,
        "gauge": f"{after - before:g}",
        "ghosts": result.count(Harm.GHOST),
        "orphan tasks": result.count(Harm.ORPHAN),
    }
    if result.exceptions:
        seen["unhandled"] = result.exceptions[0].splitlines()[0]
    return seen
