"""Checks of the services in ``services/``, for tests: few devices, a short stay, named cells."""

from pathlib import Path
from typing import Any, Final

from ghosts.check import process
from ghosts.check.check import Report
from ghosts.check.plan import parse_cell
from ghosts.check.result import CellResult, Place
from ghosts.check.service import Service

HERE: Final = Path(__file__).parent
SERVICES: Final = HERE / "services"
CLOSE: Final = "healthy,close"


def check(target: str, *cells: str, **options: Any) -> Report:
    """Check a service in ``services/``, such as ``hubs:app``; by default in the healthy cell."""
    usual = {"app_dir": str(SERVICES), "devices": 2, "stay": 5.5}
    at_once = options.pop("at_once", 1)
    return process.check(
        Service(target=target, **usual | options),
        only=[parse_cell(each) for each in cells or (CLOSE,)],
        at_once=at_once,
    )


def result_of(report: Report, cell: str = CLOSE) -> CellResult:
    """Return what one cell has shown."""
    (found,) = [each for each in report.results if each.cell.name == cell]
    return found


def said(report: Report, cell: str = CLOSE) -> list[str]:
    """Return what a service has said by ``say``."""
    return result_of(report, cell).exceptions


def line_of(file: str, marker: str = "GUILTY") -> int:
    """Return the number of the one line of a service that ends with a comment of that word."""
    lines = (SERVICES / file).read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if line.endswith(f"# {marker}")]
    return number


def is_at(place: Place | None, file: str, marker: str = "GUILTY") -> bool:
    """Return whether a place is the marked line of a service."""
    return place is not None and (place.file.rpartition("/")[2], place.line) == (
        file,
        line_of(file, marker),
    )


def harms(report: Report) -> list[tuple[str, int]]:
    """Return the harm of each finding, and how many there are of it."""
    return [(each.harm.name, each.count) for each in report.findings]
