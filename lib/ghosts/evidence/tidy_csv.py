"""Read a CSV file whose columns are the fields of a dataclass, and accept nothing else."""

import csv
import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

Row = TypeVar("Row")


class EvidenceError(Exception):
    """A file of evidence is absent or not what it promises; names file, line, column and value."""


def read_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """Read a file whose columns are exactly the fields of `row_type`, each of its type.

    Fields may be text, int, float, date, a StrEnum, or `float | None` and `date | None`, which
    may be empty. A `ValueError` of the row's own `__post_init__` is reported with its line.
    """
    if not path.is_file():
        raise EvidenceError(
            f"{path} is not there; the evidence is read from the checkout, "
            "so install the package from it with `pip install -e .`"
        )
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            columns = _check_columns(path, next(reader, []), row_type)
            rows = [_row(path, reader.line_num, columns, cells, row_type) for cells in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path.name}: not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise EvidenceError(f"{path.name}: holds no rows")
    return tuple(rows)


def _check_columns(path: Path, columns: Sequence[str], row_type: Any) -> Sequence[str]:
    expected = [field.name for field in fields(row_type)]
    for column in expected:
        if columns.count(column) != 1:
            raise EvidenceError(
                f"{path.name}:1: column {column!r} occurs {columns.count(column)} times"
            )
    for column in columns:
        if column not in expected:
            raise EvidenceError(f"{path.name}:1: column {column!r} is not one of {expected}")
    return columns


def _row(
    path: Path, line: int, columns: Sequence[str], cells: Sequence[str], row_type: type[Row]
) -> Row:
    where = f"{path.name}:{line}"
    if len(cells) != len(columns):
        raise EvidenceError(f"{where}: {len(cells)} cells for {len(columns)} columns: {cells}")
    types = get_type_hints(row_type)
    values = {}
    for column, cell in zip(columns, cells, strict=True):
        try:
            values[column] = _converter(types[column])(cell)
        except ValueError as error:
            raise EvidenceError(f"{where}: column {column!r}: {cell!r} {error}") from None
    try:
        return row_type(**values)
    except ValueError as error:
        raise EvidenceError(f"{where}: {error}") from None


def _text(cell: str) -> str:
    if not cell.strip():
        raise ValueError("is empty")
    return cell


def _count(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit()):
        raise ValueError("is not a whole number of zero or more")
    return int(cell)


def _number(cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("is not a number")
    return number


def _day(cell: str) -> dt.date:
    try:
        return dt.date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is not a date like 2026-05-13") from None


def _optional(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda cell: None if cell == "" else convert(cell)


_CONVERTERS: dict[Any, Callable[[str], Any]] = {
    str: _text,
    int: _count,
    float: _number,
    float | None: _optional(_number),
    dt.date: _day,
    dt.date | None: _optional(_day),
}


def _converter(kind: Any) -> Callable[[str], Any]:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return lambda cell: _one_of(kind, cell)
    return _CONVERTERS[kind]


def _one_of(allowed: type[StrEnum], cell: str) -> StrEnum:
    try:
        return allowed(cell)
    except ValueError:
        raise ValueError(f"is not one of {', '.join(allowed)}") from None
