"""Time series as Prometheus has them: labels, and values at seconds, with marks where they end."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Final, TypeAlias

NAME: Final = "__name__"
"""The label that is the metric's name."""
LOOKBACK: Final = 300.0
"""Seconds for which the last value of a series counts, if nothing marks the series as ended."""

Labels: TypeAlias = frozenset[tuple[str, str]]
"""The labels of a series, its name among them."""


def labels_of(name: str, **labels: str) -> Labels:
    """Return the labels of a series of that name; an empty label is no label."""
    return frozenset((key, value) for key, value in {NAME: name, **labels}.items() if value)


def written(labels: Labels) -> str:
    """Return labels in PromQL's notation, sorted: ``up{pod="one"}``."""
    rest = ", ".join(f'{key}="{value}"' for key, value in sorted(labels) if key != NAME)
    return dict(labels).get(NAME, "") + (f"{{{rest}}}" if rest else "")


def without(labels: Labels, names: Iterable[str]) -> Labels:
    """Return the labels less those of these names."""
    dropped = frozenset(names)
    return frozenset(pair for pair in labels if pair[0] not in dropped)


def only(labels: Labels, names: Iterable[str]) -> Labels:
    """Return those of the labels that have one of these names."""
    kept = frozenset(names)
    return frozenset(pair for pair in labels if pair[0] in kept)


@dataclass(slots=True)
class _Line:
    """The seconds and values of one series; None marks its end (Prometheus' stale marker)."""

    seconds: list[float] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def __copy__(self) -> "_Line":
        return _Line(self.seconds.copy(), self.values.copy())


class SeriesStore:
    """All series of a replay, by name. Seconds are simulated and only grow within a series.

    Args:
        left_open: Whether a range leaves out a sample at exactly its begin, as Prometheus does from
            version 3 on, and has it left out of the lookback; version 2 counts it.
    """

    def __init__(self, *, left_open: bool = True) -> None:
        self._names: dict[str, dict[Labels, _Line]] = {}
        self._left_open = left_open
        self.until = 0.0
        """Second of the last sample."""

    def copy(self, *, left_open: bool | None = None) -> "SeriesStore":
        """Return a store with the same samples, to which others may be added."""
        other = SeriesStore(left_open=self._left_open if left_open is None else left_open)
        for name, lines in self._names.items():
            other._names[name] = {labels: copy(line) for labels, line in lines.items()}
        other.until = self.until
        return other

    def add(self, labels: Labels, second: float, value: float | None) -> None:
        """Add a sample to a series; None marks that it has ended.

        Raises:
            ValueError: the series has a sample of that second, or of a later one.
        """
        line = self._names.setdefault(dict(labels)[NAME], {}).setdefault(labels, _Line())
        if line.seconds and line.seconds[-1] >= second:
            raise ValueError(f"{written(labels)}: second {second:g} is not after the one before")
        line.seconds.append(second)
        line.values.append(value)
        self.until = max(self.until, second)

    def names(self) -> list[str]:
        """Return the names of all metrics, sorted."""
        return sorted(self._names)

    def series(self, names: Iterable[str]) -> Iterator[Labels]:
        """Yield the labels of every series of these names."""
        for name in names:
            yield from self._names.get(name, ())

    def samples(self, labels: Labels) -> Iterator[tuple[float, float | None]]:
        """Yield the second and value of every sample of a series; None marks that it has ended."""
        line = self._line(labels)
        return zip(line.seconds, line.values, strict=True)

    def value(self, labels: Labels, second: float) -> tuple[float, float] | None:
        """Return the second and value of the last sample then; None if it is too old, or ended."""
        line = self._line(labels)
        last = bisect_right(line.seconds, second) - 1
        if last < self._first_within(line, second, LOOKBACK):
            return None
        value = line.values[last]
        return None if value is None else (line.seconds[last], value)

    def within(self, labels: Labels, second: float, span: float) -> list[tuple[float, float]]:
        """Return the seconds and values of the last ``span`` seconds, marks left out."""
        line = self._line(labels)
        first, after = self._first_within(line, second, span), bisect_right(line.seconds, second)
        pairs = zip(line.seconds[first:after], line.values[first:after], strict=True)
        return [(at, value) for at, value in pairs if value is not None]

    def first_step(self, begin: float, step: float) -> int:
        """Return the number of the first multiple of a step in a range that begins there."""
        whole = math.ceil(begin / step)
        return whole + 1 if self._left_open and whole * step == begin else whole

    def _line(self, labels: Labels) -> _Line:
        return self._names[dict(labels)[NAME]][labels]

    def _first_within(self, line: _Line, second: float, span: float) -> int:
        begin = bisect_right if self._left_open else bisect_left
        return begin(line.seconds, second - span)
