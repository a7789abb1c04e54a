"""What a horizontal pod autoscaler makes of a metric: the ratio, the tolerance, rounding up.

As documented for `autoscaling/v2`:
https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Final

from fleet.quantity import CapacityError
from fleet.targets import check_target

TOLERANCE: Final = 0.1
"""How far the ratio may be from 1 without consequence: Kubernetes' default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far the ratio may be above 1, and below, without consequence."""

    up: float = TOLERANCE
    down: float = TOLERANCE


class Reason(StrEnum):
    """The reason for a recommendation."""

    WITHIN_TOLERANCE = "within tolerance"
    RATIO = "ratio"
    CAUTIOUS = "pods without a figure"
    """The figures call for a change, and those that are missing could undo it."""
    UNKNOWN = "metrics without a figure"
    """The metrics that have one call for fewer pods, and another could call for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One pod as the autoscaler sees it."""

    value: float | None
    """Its metric, 0 or more; None where none was read."""
    ready: bool = True
    """Whether it has left the phase Pending, which for a metric of type Pods is all that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What the metric alone recommends, before windows, policies and bounds."""

    pods: int
    ratio: float
    """The mean of the metric over its target: of the ready pods that have one."""
    reason: Reason


def recommend(
    replicas: int,
    pods: Sequence[Metered],
    target: float,
    tolerance: Tolerance | None = None,
    *,
    whole: bool = False,
) -> Recommendation:
    """Return how many pods the metric recommends, if ``replicas`` are desired now.

    The metric is read to the thousandth, as Kubernetes does (29041m). Where pods are not ready, or
    have no metric, and the others call for a change, it is judged again with cautious figures: of
    those without a metric 0 for more pods and the target for fewer, of those not ready 0 for more
    pods. That may stop the change, but never turn it round. Where no pod has a metric, nothing
    changes. ``whole`` is for a utilization: its mean is cut to a whole number of per cent.

    Raises:
        CapacityError: the target, or a figure of a pod, is none.
    """
    tolerance = tolerance or Tolerance()
    check_target(target)
    read = [_milli(pod.value) for pod in pods if pod.ready and pod.value is not None]
    if not read:
        return Recommendation(pods=replicas, ratio=1.0, reason=Reason.CAUTIOUS)
    unready = sum(not pod.ready for pod in pods)
    missing = len(pods) - unready - len(read)
    ratio = _ratio(sum(read), len(read), target, whole)

    def answer(count: int, reason: Reason) -> Recommendation:
        return Recommendation(pods=count, ratio=float(ratio), reason=reason)

    if _within(ratio, tolerance):
        return answer(replicas, Reason.WITHIN_TOLERANCE)
    if not missing and not (unready and ratio > 1):
        return answer(_ceil(ratio * len(read)), Reason.RATIO)
    if ratio > 1:
        cautious, counted = _ratio(sum(read), len(pods), target, whole), len(pods)
    else:
        counted = len(read) + missing
        cautious = _ratio(sum(read) + missing * _milli(target), counted, target, whole)
    recommended = _ceil(cautious * counted)
    turned_round = (cautious > 1) != (ratio > 1) or (recommended > replicas) != (ratio > 1)
    if _within(cautious, tolerance) or turned_round:
        return answer(replicas, Reason.CAUTIOUS)
    return answer(recommended, Reason.RATIO)


def first_step_up(
    replicas: int, tolerance: float = TOLERANCE, utilization: float | None = None
) -> int:
    """Return the fewest pods above ``replicas`` that any value of the metric recommends.

    A ratio just above the tolerance recommends this many at once: the numbers between are never
    desired. ``utilization`` is the target of one, whose mean is a whole number of per cent.
    """
    if utilization is not None:
        target = _exact(utilization)
        return _ceil(replicas * (int(target * (1 + _exact(tolerance))) + 1) / target)
    return int(replicas * (1 + _exact(tolerance))) + 1


def _milli(value: float) -> int:
    if not 0 <= value < math.inf:
        raise CapacityError(f"a metric of {value:g}: should be 0 or more")
    return round(value * 1000)


def _ratio(total: int, count: int, target: float, whole: bool) -> Fraction:
    if whole:
        return Fraction(total // (count * 1000) * 1000, _milli(target))
    return Fraction(total, count * _milli(target))


def _within(ratio: Fraction, tolerance: Tolerance) -> bool:
    lowest, highest = _bounds(tolerance)
    return lowest <= ratio <= highest


@cache
def _bounds(tolerance: Tolerance) -> tuple[Fraction, Fraction]:
    return 1 - _exact(tolerance.down), 1 + _exact(tolerance.up)


def _exact(tolerance: float) -> Fraction:
    return Fraction(str(tolerance))


def _ceil(value: Fraction) -> int:
    return -int(-value // 1)
