"""Wrong use of the lab, said in one line."""

import numbers
import operator
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, SupportsIndex, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)

_TOO_LONG: Final = 1e9


class LabError(Exception):
    """Wrong use. Its text is one line, and so is what a notebook shows of it: no traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython asks an exception for."""
        return [f"LabError: {self}"]


def whole(name: str, value: SupportsIndex) -> int:
    """Return a whole number, 1 or more."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise LabError(f"{name}: a whole number, 1 or more, is wanted, not {value!r}")
    return number


def duration(name: str, value: float) -> float:
    """Return a number of seconds or minutes that is finite and not negative."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value < _TOO_LONG:
        raise LabError(f"{name}: a time, 0 or more, is wanted, not {value!r}")
    return float(value)


def one_of(name: str, choices: type[Choice], value: str) -> Choice:
    """Return a member of an enumeration, given it or its value."""
    try:
        return choices(value)
    except ValueError:
        raise LabError(f"{name}: no {value!r}; there are: {listed(choices)}") from None


def listed(names: Iterable[str]) -> str:
    """Return names for an error's text."""
    return ", ".join(names) or "none"
