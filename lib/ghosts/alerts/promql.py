"""PromQL, read by promql-parser and evaluated over the series of a replay.

Covered: selectors with matchers, ``offset``, ranges and subqueries; every operator, with ``bool``,
``on``, ``ignoring``, ``group_left`` and ``group_right``; the aggregations and functions of the
modules beside this one. ``@``, native histograms, functions of dates, trigonometry and what is
experimental in Prometheus are not.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import promql_parser as ast

from ghosts.alerts.aggregation import aggregate
from ghosts.alerts.errors import PromQLError
from ghosts.alerts.functions import (
    OF_VALUE,
    OVER_RANGE,
    Samples,
    histogram_quantile,
    is_empty,
    predicted,
    quantile,
)
from ghosts.alerts.matching import (
    ARITHMETIC,
    COMPARISONS,
    SETS,
    Vector,
    between_vectors,
    unique,
    with_scalar,
)
from ghosts.alerts.relabelling import joined, pattern_of, replaced
from ghosts.alerts.series import NAME, Labels, SeriesStore, without

STEP: Final = 30.0
"""Seconds between two evaluations of rules, and of a subquery that names no step."""

_Matches: TypeAlias = Callable[[Mapping[str, str]], bool]
_KEEPS_NAME: Final = "last_over_time"


def parse(expr: str) -> ast.Expr:
    """Return an expression as promql-parser reads it.

    Raises:
        PromQLError: it is not PromQL, in the parser's words.
    """
    try:
        return ast.parse(expr)
    except ValueError as invalid:
        shown = " ".join(expr.split())
        raise PromQLError(f"{' '.join(str(invalid).split())}: {shown!r}") from None


def evaluate(expr: str | ast.Expr, series: SeriesStore, second: float) -> Vector:
    """Return what an expression gives at a simulated second; a number has no labels.

    Raises:
        PromQLError: it is not PromQL, needs what is not covered, or matches series ambiguously.
    """
    node = parse(expr) if isinstance(expr, str) else expr
    value = Evaluation(series, second).value(node)
    return value if isinstance(value, dict) else {frozenset(): value}


def matches(selector: ast.VectorSelector) -> _Matches:
    """Return a function that says whether a selector takes the series of these labels.

    Raises:
        PromQLError: Python does not read a regular expression that the parser does.
    """
    tests = [_test(matcher) for matcher in selector.matchers.matchers]
    either = [[_test(one) for one in group] for group in selector.matchers.or_matchers]

    def takes(labels: Mapping[str, str]) -> bool:
        return all(test(labels) for test in tests) and (
            not either or any(all(test(labels) for test in group) for group in either)
        )

    return takes


def _test(matcher: ast.Matcher) -> _Matches:
    name, value = matcher.name, matcher.value
    if matcher.op in (ast.MatchOp.Equal, ast.MatchOp.NotEqual):
        wanted = matcher.op == ast.MatchOp.Equal
        return lambda labels: (labels.get(name, "") == value) == wanted
    pattern, wanted = pattern_of(value), matcher.op == ast.MatchOp.Re
    return lambda labels: (pattern.fullmatch(labels.get(name, "")) is not None) == wanted


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of an expression at one moment."""

    series: SeriesStore
    second: float

    def value(self, node: Any) -> Vector | float:
        """Return the value of a part of the expression: a number, or values by labels."""
        match node:
            case ast.NumberLiteral():
                return node.val
            case ast.ParenExpr():
                return self.value(node.expr)
            case ast.UnaryExpr():
                inner = self.value(node.expr)
                if not isinstance(inner, dict):
                    return -inner
                return unique((without(each, [NAME]), -value) for each, value in inner.items())
            case ast.VectorSelector():
                return {labels: value for labels, _, value in self._selected(node)}
            case ast.AggregateExpr():
                return aggregate(node, self._vector(node.expr), self._parameter(node))
            case ast.BinaryExpr():
                return self._binary(node)
            case ast.Call():
                return self._call(node)
        raise PromQLError(f"a value at one moment is needed, not {node}")

    def _vector(self, node: Any) -> Vector:
        value = self.value(node)
        return value if isinstance(value, dict) else {frozenset(): value}

    def _number(self, node: Any) -> float:
        value = self.value(node)
        assert not isinstance(value, dict)  # the parser has checked the types
        return value

    def _parameter(self, node: ast.AggregateExpr) -> float | None:
        is_number = node.param is not None and not isinstance(node.param, ast.StringLiteral)
        return self._number(node.param) if is_number else None

    def _binary(self, node: ast.BinaryExpr) -> Vector | float:
        op = str(node.op)
        if op not in ARITHMETIC and op not in COMPARISONS and op not in SETS:
            raise PromQLError(f"the operator {op} is not covered here")
        left, right = self.value(node.lhs), self.value(node.rhs)
        if isinstance(left, dict) and isinstance(right, dict):
            return between_vectors(node, left, right)
        return with_scalar(node, left, right)

    # --- selectors --------------------------------------------------------------------------------

    def _selected(self, selector: ast.VectorSelector) -> Iterator[tuple[Labels, float, float]]:
        """Yield the labels, second and value of each series that has a value now."""
        then = self._moved(selector)
        for labels in self._series_of(selector):
            found = self.series.value(labels, then)
            if found is not None:
                yield labels, *found

    def _series_of(self, selector: ast.VectorSelector) -> Iterator[Labels]:
        takes = matches(selector)
        names = [selector.name] if selector.name else self.series.names()
        return (labels for labels in self.series.series(names) if takes(dict(labels)))

    def _moved(self, node: ast.VectorSelector | ast.SubqueryExpr) -> float:
        if node.at is not None:
            raise PromQLError(f"@ is not covered here: {node}")
        return self.second - (0.0 if node.offset is None else node.offset.total_seconds())

    def _ranges(self, node: Any) -> Iterator[tuple[Labels, Samples, float, float]]:
        """Yield the labels and samples of each series of a range, its end and its length."""
        if isinstance(node, ast.ParenExpr):
            yield from self._ranges(node.expr)
        elif isinstance(node, ast.MatrixSelector):
            end, span = self._moved(node.vector_selector), node.range.total_seconds()
            for labels in self._series_of(node.vector_selector):
                if samples := self.series.within(labels, end, span):
                    yield labels, samples, end, span
        else:
            yield from self._subquery(node)

    def _subquery(self, node: ast.SubqueryExpr) -> Iterator[tuple[Labels, Samples, float, float]]:
        assert node.range is not None
        end, span = self._moved(node), node.range.total_seconds()
        step = STEP if node.step is None else node.step.total_seconds()
        samples: dict[Labels, list[tuple[float, float]]] = {}
        first = self.series.first_step(end - span, step)
        for number in range(first, math.floor(end / step) + 1):
            inner = Evaluation(self.series, number * step)._vector(node.expr)
            for labels, value in inner.items():
                samples.setdefault(labels, []).append((number * step, value))
        for labels, found in samples.items():
            yield labels, found, end, span

    # --- functions --------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Vector | float:
        name, args = node.func.name, node.args
        if name in OVER_RANGE:
            return self._over_range(name, args[0])
        if name in OF_VALUE:
            numbers = [self._number(each) for each in args[1:]]
            vector = {} if is_empty(name, *numbers) else self._vector(args[0])
            return unique(
                (without(labels, [NAME]), float(OF_VALUE[name](value, *numbers)))
                for labels, value in vector.items()
            )
        special = getattr(self, f"_fn_{name}", None)
        if special is None:
            raise PromQLError(f"{name}() is not covered here")
        result: Vector | float = special(*args)
        return result

    def _over_range(self, name: str, node: Any) -> Vector:
        result = []
        for labels, samples, end, span in self._ranges(node):
            value = OVER_RANGE[name](samples, end, span)
            if value is not None:
                kept = labels if name == _KEEPS_NAME else without(labels, [NAME])
                result.append((kept, float(value)))
        return unique(result)

    def _fn_quantile_over_time(self, q: Any, node: Any) -> Vector:
        share = self._number(q)
        return unique(
            (without(labels, [NAME]), quantile(share, [value for _, value in samples]))
            for labels, samples, _, _ in self._ranges(node)
        )

    def _fn_predict_linear(self, node: Any, ahead: Any) -> Vector:
        then = self.second + self._number(ahead)
        return unique(
            (without(labels, [NAME]), predicted(samples, then))
            for labels, samples, _, _ in self._ranges(node)
            if len(samples) > 1
        )

    def _fn_sort(self, node: Any) -> Vector:
        return self._vector(node)  # the order of series is for those who look at them

    _fn_sort_desc = _fn_sort

    def _fn_label_replace(self, node: Any, *texts: ast.StringLiteral) -> Vector:
        target, replacement, source, regex = (each.val for each in texts)
        return unique(
            (replaced(labels, target, replacement, source, regex), value)
            for labels, value in self._vector(node).items()
        )

    def _fn_label_join(self, node: Any, *texts: ast.StringLiteral) -> Vector:
        target, separator, *sources = (each.val for each in texts)
        return unique(
            (joined(labels, target, separator, sources), value)
            for labels, value in self._vector(node).items()
        )

    def _fn_absent(self, node: Any) -> Vector:
        return {} if self._vector(node) else {_asked_for(node): 1.0}

    def _fn_absent_over_time(self, node: Any) -> Vector:
        there = next(self._ranges(node), None)
        return {} if there else {_asked_for(getattr(node, "vector_selector", node)): 1.0}

    def _fn_time(self) -> float:
        return self.second

    def _fn_timestamp(self, node: Any) -> Vector:
        if isinstance(node, ast.VectorSelector):
            found = ((without(each, [NAME]), at) for each, at, _ in self._selected(node))
        else:
            found = ((without(each, [NAME]), self.second) for each in self._vector(node))
        return unique(found)

    def _fn_vector(self, node: Any) -> Vector:
        return {frozenset(): self._number(node)}

    def _fn_scalar(self, node: Any) -> float:
        values = [*self._vector(node).values()]
        return values[0] if len(values) == 1 else math.nan

    def _fn_histogram_quantile(self, q: Any, node: Any) -> Vector:
        share, histograms = self._number(q), dict[Labels, dict[float, float]]()
        for labels, value in self._vector(node).items():
            if bound := dict(labels).get("le"):
                one = histograms.setdefault(without(labels, [NAME, "le"]), {})
                one[float(bound)] = value
        return {each: histogram_quantile(share, buckets) for each, buckets in histograms.items()}


def _asked_for(node: Any) -> Labels:
    """Return the labels that a selector asks for by equality, each once; none of other nodes."""
    if isinstance(node, ast.ParenExpr):
        return _asked_for(node.expr)
    if not isinstance(node, ast.VectorSelector):
        return frozenset()
    asked = [(one.name, one.value) for one in node.matchers.matchers if one.op == ast.MatchOp.Equal]
    names = [one.name for one in node.matchers.matchers]
    return frozenset(pair for pair in asked if names.count(pair[0]) == 1 and pair[0] != NAME)
