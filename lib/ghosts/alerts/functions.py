"""Functions of PromQL: over the samples of a range, and over single values."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

Samples: TypeAlias = Sequence[tuple[float, float]]
"""Seconds and values, oldest first, at least one."""


def _extrapolated(samples: Samples, end: float, span: float, *, counter: bool) -> float | None:
    """Return by how much a series grew in a range, extrapolated to its ends as Prometheus does.

    A counter that falls was restarted at 0, and its growth does not reach back beyond 0. Beyond a
    gap of more than 1.1 times the usual distance of samples, half of that distance is added.
    """
    if len(samples) < 2:
        return None
    (first_at, first), (last_at, last) = samples[0], samples[-1]
    grown = last - first
    if counter:
        grown += sum(before for (_, before), (_, now) in pairwise(samples) if now < before)
    sampled = last_at - first_at
    apart = sampled / (len(samples) - 1)
    to_start, to_end = first_at - (end - span), end - last_at
    if to_start >= 1.1 * apart:
        to_start = apart / 2
    if counter and grown > 0 and first >= 0:
        to_start = min(to_start, sampled * first / grown)
    if to_end >= 1.1 * apart:
        to_end = apart / 2
    return grown * (sampled + to_start + to_end) / sampled


def _of_last_two(samples: Samples, *, counter: bool, per_second: bool) -> float | None:
    if len(samples) < 2:
        return None
    (before_at, before), (at, now) = samples[-2:]
    grown = now if counter and now < before else now - before
    return grown / (at - before_at) if per_second else grown


def _rate(samples: Samples, end: float, span: float) -> float | None:
    grown = _extrapolated(samples, end, span, counter=True)
    return None if grown is None else grown / span


def _deriv(samples: Samples, end: float, span: float) -> float | None:
    if len(samples) < 2:
        return None
    return statistics.linear_regression(*zip(*samples, strict=True)).slope


def _values(of: Callable[[list[float]], float]) -> "OverRange":
    return lambda samples, end, span: of([value for _, value in samples])


OverRange: TypeAlias = Callable[[Samples, float, float], float | None]
"""From samples, the range's end and its length to a value; None for none."""

OVER_RANGE: Final[Mapping[str, OverRange]] = {
    "rate": _rate,
    "increase": lambda samples, end, span: _extrapolated(samples, end, span, counter=True),
    "delta": lambda samples, end, span: _extrapolated(samples, end, span, counter=False),
    "irate": lambda samples, *_: _of_last_two(samples, counter=True, per_second=True),
    "idelta": lambda samples, *_: _of_last_two(samples, counter=False, per_second=False),
    "deriv": _deriv,
    "changes": _values(lambda values: sum(one != other for one, other in pairwise(values))),
    "resets": _values(lambda values: sum(now < before for before, now in pairwise(values))),
    "avg_over_time": _values(statistics.fmean),
    "min_over_time": _values(min),
    "max_over_time": _values(max),
    "sum_over_time": _values(math.fsum),
    "count_over_time": _values(len),
    "last_over_time": _values(lambda values: values[-1]),
    "present_over_time": _values(lambda values: 1.0),
    "stddev_over_time": _values(statistics.pstdev),
    "stdvar_over_time": _values(statistics.pvariance),
}


def predicted(samples: Samples, second: float) -> float:
    """Return what the line through samples, two at least, comes to at a second."""
    slope, start = statistics.linear_regression(*zip(*samples, strict=True))
    return start + slope * second


def quantile(q: float, values: Sequence[float]) -> float:
    """Return the quantile of values, interpolated; infinite for a ``q`` outside of 0 to 1."""
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q - 0.5)
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (rank - low)) + ordered[high] * (rank - low)


def _floor(value: float) -> float:
    return math.floor(value) if math.isfinite(value) else value


def _larger(one: float, other: float) -> float:
    """Return the larger number as Go does: infinity before NaN, NaN before other numbers."""
    if math.inf in (one, other):
        return math.inf
    return math.nan if math.isnan(one + other) else max(one, other)


def _smaller(one: float, other: float) -> float:
    return -_larger(-one, -other)


OF_VALUE: Final[Mapping[str, Callable[..., float]]] = {
    "abs": abs,
    "ceil": lambda value: math.ceil(value) if math.isfinite(value) else value,
    "floor": _floor,
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else math.nan,
    "sgn": lambda value: (value > 0) - (value < 0),
    "round": lambda value, to=1.0: _floor(value * (1 / to) + 0.5) / (1 / to),
    "clamp": lambda value, least, most: _larger(least, _smaller(most, value)),
    "clamp_min": lambda value, least: _larger(least, value),
    "clamp_max": lambda value, most: _smaller(most, value),
}
"""Functions of an instant vector's values, with their numbers."""


def is_empty(name: str, *numbers: float) -> bool:
    """Return whether a function gives no series at all: a clamp whose bounds have crossed."""
    return name == "clamp" and numbers[1] < numbers[0]


def histogram_quantile(q: float, buckets: Mapping[float, float]) -> float:
    """Return the quantile of a histogram from its cumulative counts by upper bound.

    Within a bucket values are taken as evenly spread; a rank in the last one, which has no upper
    bound, is given the one below. NaN where there is nothing to tell.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or not math.isinf(bounds[-1]) or not buckets[bounds[-1]]:
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q - 0.5)
    rank = q * buckets[bounds[-1]]
    index = next(i for i, bound in enumerate(bounds) if buckets[bound] >= rank)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[index - 1], buckets[bounds[index - 1]]) if index else (0.0, 0.0)
    share = (rank - below) / (buckets[bounds[index]] - below)
    return low + (bounds[index] - low) * share
