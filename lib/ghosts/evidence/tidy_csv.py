"""CSV files whose columns are the fields of a dataclass: reading accepts nothing else."""

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_type_hints

from pydantic import BeforeValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from ghosts.errors import GhostsError
from ghosts.records.validation import invalid_value

Row = TypeVar("Row")


def _iso_date(cell: str) -> dt.date:
    """Parse a date; pydantic alone would take ``0`` for the first day of 1970."""
    try:
        return dt.date.fromisoformat(cell)
    except ValueError:
        raise PydanticCustomError("iso_date", "Input should be a date like 2026-05-13") from None


Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Day: TypeAlias = Annotated[dt.date, BeforeValidator(_iso_date)]


class EvidenceError(GhostsError):
    """A file of evidence is absent or invalid; the message names file, line, column and value."""


def read_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """Read a file whose columns are exactly the fields of ``row_type``, a dataclass.

    Pydantic validates each row by the types of the fields. An empty cell is None where the field
    may be None.

    Raises:
        EvidenceError: the file is absent, or one of its values is not allowed.
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
            rows = [
                _row(f"{path.name}:{reader.line_num}", columns, cells, row_type) for cells in reader
            ]
    except (csv.Error, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path.name}: not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise EvidenceError(f"{path.name}: holds no rows")
    return tuple(rows)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a line of column names, and a line for each row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def columns_of(row_type: Any) -> list[str]:
    """Return the columns of a file of this dataclass: the names of its fields."""
    return [field.name for field in fields(row_type)]


def _check_columns(path: Path, columns: Sequence[str], row_type: Any) -> Sequence[str]:
    expected = columns_of(row_type)
    for column in expected:
        if columns.count(column) != 1:
            raise EvidenceError(
                f"{path.name}:1: column {column!r} occurs {columns.count(column)} times"
            )
    for column in columns:
        if column not in expected:
            raise EvidenceError(f"{path.name}:1: column {column!r} is not one of {expected}")
    return columns


def _row(where: str, columns: Sequence[str], cells: Sequence[str], row_type: Any) -> Any:
    if len(cells) != len(columns):
        raise EvidenceError(f"{where}: {len(cells)} cells for {len(columns)} columns: {cells}")
    adapter, optional = _reading(row_type)
    values = {
        column: None if cell == "" and column in optional else cell
        for column, cell in zip(columns, cells, strict=True)
    }
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise EvidenceError(f"{where}: {invalid_value(error, row_type)}") from None


@cache
def _reading(row_type: Any) -> tuple[TypeAdapter[Any], frozenset[str]]:
    """Return what validates a row of this type, and the names of its fields that may be None."""
    types = get_type_hints(row_type)
    optional = (name for name, kind in types.items() if type(None) in get_args(kind))
    return TypeAdapter(row_type), frozenset(optional)
