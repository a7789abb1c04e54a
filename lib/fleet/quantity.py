"""Quantities as Kubernetes writes them: ``350m`` of processor, ``3Gi`` of memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from ghosts.errors import GhostsError

MIB = 2**20


class CapacityError(GhostsError, ValueError):
    """A value that is not possible. The message is one line that says what is allowed."""


@contextmanager
def prefixed(key: str) -> Iterator[None]:
    """Put the key before the message of a CapacityError."""
    try:
        yield
    except CapacityError as error:
        raise CapacityError(f"{key}: {error}") from None


def millicores(quantity: Any) -> int:
    """Return thousandths of a core: 350 for ``"350m"``, 1000 for 1. Kubernetes rounds up.

    Suffixes below ``m`` are refused, and so is ``1E3``: requests and limits have no use for them.
    So are those of memory, as in ``"3Gi"``.

    Raises:
        CapacityError: this is no quantity, or it is below 0.
    """
    cores = _parse(quantity)
    if str(quantity).endswith("i"):
        raise CapacityError(f"{quantity!r} is an amount of memory: should be as 2 or 350m")
    return -int(-cores * 1000 // 1)


def memory_bytes(quantity: Any) -> int:
    """Return bytes: ``"3Gi"`` is 3 * 2**30, ``"3G"`` is 3 * 10**9.

    Raises:
        CapacityError: this is no quantity, it is below 0, or not a whole number of bytes, as
            ``"350m"``, a typing error for ``"350Mi"``.
    """
    value = _parse(quantity)
    if value % 1:
        raise CapacityError(f"{quantity!r} is {value:f} bytes: should be whole, as in 350Mi")
    return int(value)


def _parse(quantity: Any) -> Decimal:
    from lightkube.utils.quantity import parse_quantity  # loads a whole client of Kubernetes

    text = str(quantity)
    is_one = isinstance(quantity, str | int | float | Decimal) and not isinstance(quantity, bool)
    try:
        value = parse_quantity(text) if is_one and text.isascii() and text.isprintable() else None
    except ValueError:
        value = None
    if value is None:
        raise CapacityError(f"{quantity!r} is no quantity: should be as 2, 350m or 3Gi")
    if value < 0:
        raise CapacityError(f"{quantity!r} is below 0")
    return value
