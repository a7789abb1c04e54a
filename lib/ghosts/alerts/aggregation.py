"""Aggregations of PromQL: one value for each group of series."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from promql_parser import AggModifierType, AggregateExpr

from ghosts.alerts.errors import PromQLError
from ghosts.alerts.functions import quantile
from ghosts.alerts.matching import Vector
from ghosts.alerts.series import NAME, Labels, only, without

AGGREGATIONS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "sum": math.fsum,
    "min": min,
    "max": max,
    "avg": statistics.fmean,
    "count": len,
    "group": lambda values: 1.0,
    "stddev": statistics.pstdev,
    "stdvar": statistics.pvariance,
}
_RANKED: Final = {"topk": True, "bottomk": False}
"""Whether the largest come first."""


def aggregate(expr: AggregateExpr, vector: Vector, parameter: float | None) -> Vector:
    """Return one value for each group of series, or of ``topk`` and ``bottomk`` the first ones.

    Raises:
        PromQLError: the aggregation is not covered.
    """
    groups: dict[Labels, Vector] = {}
    for labels, value in vector.items():
        groups.setdefault(_group(expr, labels), {})[labels] = value
    op = str(expr.op)
    if op in AGGREGATIONS:
        return {group: float(AGGREGATIONS[op]([*one.values()])) for group, one in groups.items()}
    if op == "quantile" and parameter is not None:
        return {group: quantile(parameter, [*one.values()]) for group, one in groups.items()}
    if op in _RANKED and parameter is not None:
        first = max(0, int(parameter))
        return dict(
            pair
            for one in groups.values()
            for pair in sorted(one.items(), key=lambda each: each[1], reverse=_RANKED[op])[:first]
        )
    raise PromQLError(
        f"{op} is not covered here: {', '.join((*AGGREGATIONS, 'quantile', *_RANKED))} are"
    )


def _group(expr: AggregateExpr, labels: Labels) -> Labels:
    if expr.modifier is None:
        return frozenset()
    if expr.modifier.type == AggModifierType.By:
        return only(labels, expr.modifier.labels)
    return without(labels, [NAME, *expr.modifier.labels])
