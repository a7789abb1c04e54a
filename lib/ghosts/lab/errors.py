"""Misuse of the lab, reported in one line."""

import numbers
import operator
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, SupportsIndex, TypeVar

from ghosts.errors import GhostsError

Choice = TypeVar("Choice", bound=StrEnum)

CLOSED: Final = (
    "this lab is closed; make a new one with Lab(...), or run the cell that made this one again"
)
_TOO_LONG: Final = 1e9


class LabError(GhostsError):
    """Misuse of the lab. Its text is one line, and a notebook shows that line, no traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints for this exception."""
        return [f"LabError: {self}"]


def whole(name: str, value: SupportsIndex) -> int:
    """Return an argument that must be a whole number of at least 1.

    Raises:
        LabError: it is not.
    """
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise LabError(f"{name}: must be a whole number of at least 1, not {value!r}")
    return number


def duration(name: str, value: float) -> float:
    """Return an argument that must be a finite number of seconds or minutes, at least 0.

    Raises:
        LabError: it is not.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value < _TOO_LONG:
        raise LabError(f"{name}: must be a number of at least 0, not {value!r}")
    return float(value)


def whole_seconds(unnamed: tuple[float, ...], minutes: float, seconds: float) -> int:
    """Return the whole seconds, at least 1, by which `Lab.advance` is to advance.

    Raises:
        LabError: they are not, or there is a number without a name.
    """
    if unnamed:
        number = unnamed[0]
        raise LabError(f"advance({number!r}): write minutes={number!r} or seconds={number!r}")
    total = duration("minutes", minutes) * 60 + duration("seconds", seconds)
    if total < 1 or abs(total - round(total)) > 1e-6:
        raise LabError(f"advance: must be whole seconds, at least 1, not {total:g}")
    return round(total)


def one_of(name: str, choices: type[Choice], value: str) -> Choice:
    """Return a member of an enumeration, given the member or its value.

    Raises:
        LabError: there is no such member.
    """
    try:
        return choices(value)
    except ValueError:
        raise LabError(f"{name}: unknown value {value!r}; allowed: {listed(choices)}") from None


def listed(names: Iterable[str]) -> str:
    """Return names, separated by commas, for the text of an error."""
    return ", ".join(names) or "none"
