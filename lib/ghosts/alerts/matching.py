"""Operators of PromQL between two values: arithmetic, comparisons, sets, and which series match."""

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from promql_parser import BinaryExpr, LabelModifierType, VectorMatchCardinality

from ghosts.alerts.errors import PromQLError
from ghosts.alerts.series import NAME, Labels, only, without, written

Vector: TypeAlias = dict[Labels, float]
"""The values of series at one moment, by labels."""


def _divide(one: float, other: float) -> float:
    if other:
        return one / other
    return math.copysign(math.inf, one) * math.copysign(1, other) if one else math.nan


def _power(one: float, other: float) -> float:
    try:
        return math.pow(one, other)
    except (OverflowError, ValueError):
        return math.nan if one < 0 else math.inf


ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": lambda one, other: math.fmod(one, other) if other else math.nan,
    "^": _power,
}
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SETS: Final = frozenset({"and", "or", "unless"})


def unique(pairs: Iterable[tuple[Labels, float]]) -> Vector:
    """Return a vector of these pairs.

    Raises:
        PromQLError: two of them have the same labels.
    """
    vector: Vector = {}
    for labels, value in pairs:
        if labels in vector:
            shown = written(labels) or "{}"
            raise PromQLError(f"two series of the result have the labels {shown}")
        vector[labels] = value
    return vector


def with_scalar(expr: BinaryExpr, left: Vector | float, right: Vector | float) -> Vector | float:
    """Return the result of an operator of which at least one side is a number."""
    op, as_bool = str(expr.op), expr.modifier is not None and expr.modifier.return_bool
    pairs: list[tuple[Labels, float, float]]
    if isinstance(left, dict):
        assert not isinstance(right, dict)
        pairs = [(labels, value, right) for labels, value in left.items()]
    elif isinstance(right, dict):
        pairs = [(labels, left, value) for labels, value in right.items()]
    elif op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    else:
        return float(COMPARISONS[op](left, right))
    if op in ARITHMETIC:
        results = [(each, ARITHMETIC[op](one, other)) for each, one, other in pairs]
    elif as_bool:
        results = [(each, float(COMPARISONS[op](one, other))) for each, one, other in pairs]
    else:
        kept = ((each, one, other) for each, one, other in pairs if COMPARISONS[op](one, other))
        return {each: one if isinstance(left, dict) else other for each, one, other in kept}
    return unique((without(labels, [NAME]), value) for labels, value in results)


def between_vectors(expr: BinaryExpr, left: Vector, right: Vector) -> Vector:
    """Return the result of an operator between two vectors.

    Raises:
        PromQLError: a series matches several, and nothing says that it may.
    """
    key = _match_key(expr)
    if str(expr.op) in SETS:
        return _set_operation(str(expr.op), left, right, key)
    modifier = expr.modifier
    card = VectorMatchCardinality.OneToOne if modifier is None else modifier.card
    swapped = card == VectorMatchCardinality.OneToMany
    many, ones = (right, left) if swapped else (left, right)
    by_key: dict[Labels, Labels] = {}
    for labels in ones:
        if key(labels) in by_key:
            raise PromQLError(
                f"{expr.op}: {written(by_key[key(labels)])} and {written(labels)} match the same "
                "series of the other side: name the labels that tell them apart, or aggregate"
            )
        by_key[key(labels)] = labels
    result, taken = [], set[Labels]()
    for labels, value in many.items():
        one = by_key.get(key(labels))
        if one is None:
            continue
        pair = (ones[one], value) if swapped else (value, ones[one])
        found = _one_result(expr, labels, one, pair)
        if found is None:
            continue
        if card == VectorMatchCardinality.OneToOne and key(labels) in taken:
            raise PromQLError(
                f"{expr.op}: several series match {written(one)}: group_left() says that they may"
            )
        taken.add(key(labels))
        result.append(found)
    return unique(result)


def _match_key(expr: BinaryExpr) -> Callable[[Labels], Labels]:
    matching = None if expr.modifier is None else expr.modifier.matching
    if matching is None:
        return lambda labels: without(labels, [NAME])
    if matching.type == LabelModifierType.Include:
        return lambda labels: only(labels, matching.labels)
    return lambda labels: without(labels, [NAME, *matching.labels])


def _set_operation(op: str, left: Vector, right: Vector, key: Callable[[Labels], Labels]) -> Vector:
    there = {key(labels) for labels in right}
    if op == "and":
        return {labels: value for labels, value in left.items() if key(labels) in there}
    if op == "unless":
        return {labels: value for labels, value in left.items() if key(labels) not in there}
    mine = {key(labels) for labels in left}
    return unique(
        [*left.items(), *((each, value) for each, value in right.items() if key(each) not in mine)]
    )


def _one_result(
    expr: BinaryExpr, many: Labels, one: Labels, pair: tuple[float, float]
) -> tuple[Labels, float] | None:
    """Return the labels and value of one match; None where a comparison leaves it out."""
    op, modifier = str(expr.op), expr.modifier
    as_bool = modifier is not None and modifier.return_bool
    labels = without(many, [NAME]) if op in ARITHMETIC or as_bool else many
    matching = None if modifier is None else modifier.matching
    if matching and (modifier is None or modifier.card == VectorMatchCardinality.OneToOne):
        included = matching.type == LabelModifierType.Include
        labels = (only if included else without)(labels, matching.labels)
    extra = (modifier and modifier.group_labels) or []
    labels = without(labels, extra) | only(one, extra)
    if op in ARITHMETIC:
        return labels, ARITHMETIC[op](*pair)
    holds = COMPARISONS[op](*pair)
    if as_bool:
        return labels, float(holds)
    return (labels, pair[0]) if holds else None
