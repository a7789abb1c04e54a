"""The matrix as a CSV file, which people can read and edit."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from ghosts.evidence.tidy_csv import columns_of, write_rows
from ghosts.paths import DATA
from ghosts.records.cell import Cell

STORED_MATRIX: Final = DATA / "faults" / "matrix.csv"
"""The expected matrix. Tests compare each of its cells with a run."""
STORED_LISTEN_MATRIX: Final = DATA / "faults" / "listen_matrix.csv"
"""The expected matrix of the rows of listen."""
_NEVER: Final = "never"


def write_matrix(cells: Sequence[Cell], path: Path) -> None:
    """Write cells as CSV, one line each."""
    write_rows(path, columns_of(Cell), map(_row, cells))


def read_matrix(path: Path = STORED_MATRIX) -> list[Cell]:
    """Read cells that :func:`write_matrix` has written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_cell(row) for row in csv.DictReader(file)]


def _row(cell: Cell) -> dict[str, Any]:
    seconds = cell.seconds_to_clean
    return asdict(cell) | {"seconds_to_clean": _NEVER if seconds is None else f"{seconds:g}"}


def _cell(row: dict[str, str]) -> Cell:
    values: dict[str, Any] = {
        field.name: int(row[field.name]) if field.type is int else row[field.name]
        for field in fields(Cell)
    }
    seconds = row["seconds_to_clean"]
    values["seconds_to_clean"] = None if seconds == _NEVER else float(seconds)
    return Cell(**values)
