"""Quantities as Kubernetes writes them: ``350m`` of processor, ``3Gi`` of memory."""

import math
import re
import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

from ghosts.errors import GhostsError

MIB = 2**20
_MOST: Final = 2**63 - 1
"""No quantity is larger: Kubernetes caps it."""
_QUANTITY: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?"
)
_NUMBER: Final = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
_FACTORS: Final = {
    "": Decimal(1),
    **{name: Decimal(1000) ** power for power, name in enumerate(("n", "u", "m"), -3)},
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", 1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", 1)},
}


class CapacityError(GhostsError, ValueError):
    """A value that is not possible. The message is one line that says what is allowed."""


@contextmanager
def prefixed(key: str) -> Iterator[None]:
    """Put the key before the message of a CapacityError."""
    try:
        yield
    except CapacityError as error:
        raise CapacityError(f"{key}: {error}") from None


_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxdict = 2, 60, 60, 3


def shown(value: object) -> str:
    """Return a value as it is repeated in a message: on one line, and cut if it is long."""
    if isinstance(value, int) and value.bit_length() > 128:  # repr() refuses 4,300 digits
        return "a very large number"
    try:
        return _SHORT.repr(value)
    except ValueError:  # such a number, deeper inside
        return f"a {type(value).__name__}"


def plain(name: object) -> str:
    """Return a name of a file's, to be printed: as it is, or quoted if it is no single word."""
    text = name if isinstance(name, str) else shown(name)
    return text if 0 < len(text) <= 80 and text.isprintable() else shown(name)


def millicores(quantity: Any) -> int:
    """Return thousandths of a core: 350 for ``"350m"``, 1000 for 1. Kubernetes rounds up.

    Suffixes of memory, as in ``"3Gi"``, are refused.

    Raises:
        CapacityError: this is no quantity, or it is below 0.
    """
    cores = amount(quantity)
    if isinstance(quantity, str) and quantity.endswith("i"):
        raise CapacityError(f"{shown(quantity)} is an amount of memory: should be as 2 or 350m")
    return math.ceil(cores * 1000)


def memory_bytes(quantity: Any) -> int:
    """Return bytes: ``"3Gi"`` is 3 * 2**30, ``"3G"`` is 3 * 10**9. Kubernetes rounds up.

    Raises:
        CapacityError: this is no quantity, or it is below 0.
    """
    return math.ceil(amount(quantity))


def whole_number(quantity: Any) -> int:
    """Return a number of devices, or of pods: 3 for ``"3000m"``.

    Raises:
        CapacityError: this is no quantity, it is below 0, or not a whole number.
    """
    value = amount(quantity)
    if value % 1:
        raise CapacityError(f"{shown(quantity)} is not a whole number")
    return int(value)


def amount(quantity: Any) -> Decimal:
    """Return the number that a quantity stands for, 2**63 - 1 at most.

    Raises:
        CapacityError: this is no quantity, or it is below 0.
    """
    value = _parse(quantity)
    if value is None:
        raise CapacityError(f"{shown(quantity)} is no quantity: should be as 2, 350m or 3Gi")
    if value < 0:
        raise CapacityError(f"{shown(quantity)} is below 0")
    return min(value, Decimal(_MOST))


def _parse(quantity: Any) -> Decimal | None:
    if isinstance(quantity, bool) or not isinstance(quantity, str | int | float | Decimal):
        return None
    if isinstance(quantity, int):
        return Decimal(max(-1, min(quantity, _MOST)))
    text = str(quantity)
    if not _QUANTITY.fullmatch(text) or not (number := _NUMBER.match(text)):
        return None
    try:
        return Decimal(number[0]) * _FACTORS[text[number.end() :]]
    except ArithmeticError:  # an exponent that is out of bounds
        return Decimal(0) if re.search("[eE]-", text) else Decimal(_MOST)
