"""The order of what a report shows: that of the plan, not the one in which cells have ended."""

from collections.abc import Iterable

from ghosts.check.check import Report
from ghosts.check.plan import Cell, cells_of
from ghosts.check.result import CellResult


def results_in_order(report: Report) -> list[CellResult]:
    """Return the results in the order of the plan."""
    place = _places(report)
    return sorted(report.results, key=lambda each: place[each.cell])


def names_in_order(report: Report, cells: Iterable[Cell]) -> list[str]:
    """Return the names of cells in the order of the plan."""
    place = _places(report)
    return [cell.name for cell in sorted(cells, key=lambda cell: place[cell])]


def _places(report: Report) -> dict[Cell, int]:
    ran = sorted((result.cell for result in report.results), key=lambda cell: cell.name)
    cells = dict.fromkeys((*cells_of(report.dependencies), *ran, *report.not_run))
    return {cell: number for number, cell in enumerate(cells)}
