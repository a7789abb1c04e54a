"""Pauses between attempts."""

from collections.abc import Sequence


def doubling(first: float, most: float, tries: int) -> tuple[float, ...]:
    """Return ``tries`` pauses in seconds: ``first``, doubled each time, up to ``most``."""
    return tuple(min(first * 2**number, most) for number in range(tries))


def pause_after(failures: int, pauses: Sequence[float]) -> float:
    """Return the pause in seconds after that many failures, at least 1; the last pause repeats."""
    return pauses[min(failures, len(pauses)) - 1]
