"""Refuse what would otherwise hang or wait for ever, naming the parameter and the value."""

import math


def finite_seconds(name: str, value: float) -> float:
    """Return ``value``, at least 0. Raise ValueError when it is None, NaN, infinite or no number.

    A negative value is what is left of a deadline that has passed, hence 0.
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number of seconds, not {value!r}")
    return max(0.0, value)


def at_least_one(name: str, value: int) -> int:
    """Return ``value``. Raise ValueError when it is not a whole number of 1 or more."""
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of 1 or more, not {value!r}")
    return value
