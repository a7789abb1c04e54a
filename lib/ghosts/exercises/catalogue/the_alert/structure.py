"""How an alert is built: its conditions, the metrics it reads, aggregations, ranges and offsets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import promql_parser as ast

from ghosts.alerts import Group, Labels, PromQLError, Rule, SeriesStore, evaluate, parse
from ghosts.alerts.promql import matches

_COMPARISONS: Final = (">", ">=", "<", "<=", "==", "!=")
_GROWTH: Final = frozenset({"changes", "delta", "deriv", "idelta", "increase", "irate", "rate"})
"""Functions that tell how fast a series changes."""
_OFFSET: Final = re.compile(r"\boffset\s+-?\w+", re.IGNORECASE)


def alerts_of(groups: tuple[Group, ...]) -> tuple[Rule, ...]:
    """Return the rules that are alerts."""
    return tuple(rule for group in groups for rule in group.rules if not rule.records)


def metrics_of(groups: tuple[Group, ...]) -> set[str]:
    """Return the metrics that the rules read, those that they record themselves left out."""
    rules = [rule for group in groups for rule in group.rules]
    recorded = {rule.name for rule in rules if rule.records}
    return {name for rule in rules for name in selected(rule.tree)} - recorded


def selected(tree: ast.Expr) -> set[str]:
    """Return the names of the series that an expression selects."""
    return {node.name for node in _nodes(tree) if isinstance(node, ast.VectorSelector) if node.name}


def functions(groups: tuple[Group, ...]) -> set[str]:
    """Return the names of the functions that the rules call."""
    return {node.func.name for node in _all_nodes(groups) if isinstance(node, ast.Call)}


def asks_for_growth(groups: tuple[Group, ...]) -> bool:
    """Return whether the rules ask how a series changes: by a function, or from its value before.

    The second subtracts a series with an ``offset`` from the same one without.
    """
    selectors = [node for node in _all_nodes(groups) if isinstance(node, ast.VectorSelector)]
    before = {node.name for node in selectors if node.offset is not None}
    now = {node.name for node in selectors if node.offset is None}
    return bool(functions(groups) & _GROWTH or before & now)


def is_relative(tree: ast.Expr) -> bool:
    """Return whether a series is multiplied or divided in an expression."""
    found = [node for node in _nodes(tree) if isinstance(node, ast.BinaryExpr)]
    return any(str(node.op) in ("*", "/") and bool(selected(node)) for node in found)


def over_pods(groups: tuple[Group, ...]) -> str | None:
    """Return the name of an aggregation that is over several pods; None if there is none."""
    for node in _all_nodes(groups):
        if isinstance(node, ast.AggregateExpr):
            kept = node.modifier
            by = kept is not None and kept.type == ast.AggModifierType.By
            if not (kept and ("pod" in kept.labels) == by):
                return str(node.op)
    return None


def selects_by_pod(tree: ast.Expr) -> bool:
    """Return whether a selector in an expression takes pods by their names."""
    selectors = [node for node in _nodes(tree) if isinstance(node, ast.VectorSelector)]
    return any(one.name == "pod" for node in selectors for one in node.matchers.matchers)


def longest_range(groups: tuple[Group, ...]) -> float:
    """Return the seconds of the longest range that the rules read; 0 if there is none."""
    ranged = (ast.MatrixSelector, ast.SubqueryExpr)
    found = [node.range for node in _all_nodes(groups) if isinstance(node, ranged) if node.range]
    return max((each.total_seconds() for each in found), default=0.0)


def offsets(groups: tuple[Group, ...]) -> list[str]:
    """Return every ``offset`` as it is written."""
    return [text for group in groups for rule in group.rules for text in _OFFSET.findall(rule.expr)]


def selecting_nothing(groups: tuple[Group, ...], every: Sequence[SeriesStore]) -> str | None:
    """Return the first selector that matches no series at any time; None if all match some."""
    for node in _all_nodes(groups):
        if isinstance(node, ast.VectorSelector) and node.matchers.matchers:
            takes, names = matches(node), [node.name or ""]
            labels = [each for series in every for each in series.series(names)]
            if labels and not any(takes(dict(each)) for each in labels):
                return written(node)
    return None


def without_offsets(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Return the rules as they would be with no ``offset``."""

    def changed(rule: Rule) -> Rule:
        expr = _OFFSET.sub("", rule.expr)
        return replace(rule, expr=expr, tree=parse(expr))

    return tuple(
        replace(group, rules=tuple(changed(rule) for rule in group.rules)) for group in groups
    )


def returns_bool(groups: tuple[Group, ...]) -> bool:
    """Return whether the outermost operator of an alert is a comparison with ``bool``."""
    return any(_is_bool(rule.tree) for rule in alerts_of(groups))


def _is_bool(tree: Any) -> bool:
    if isinstance(tree, ast.ParenExpr):
        return _is_bool(tree.expr)
    is_binary = isinstance(tree, ast.BinaryExpr) and tree.modifier is not None
    return is_binary and bool(tree.modifier.return_bool)


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of an alert's expression that has to hold for a pod, or must not."""

    node: Any
    excludes: bool = False
    """Whether it is on the right of ``unless``."""

    @property
    def is_comparison(self) -> bool:
        """Whether it compares two sides."""
        return _is_comparison(self.node)

    def is_met(self, series: SeriesStore, pod: str, second: float) -> bool:
        """Return whether it lets an alert fire for a pod at a second."""
        return (value_for(self.node, series, pod, second) is None) == self.excludes


def conditions(node: Any) -> Iterator[Condition]:
    """Yield the conditions that have to be met together, from left to right."""
    if isinstance(node, ast.ParenExpr):
        yield from conditions(node.expr)
    elif isinstance(node, ast.BinaryExpr) and str(node.op) == "and":
        yield from conditions(node.lhs)
        yield from conditions(node.rhs)
    elif isinstance(node, ast.BinaryExpr) and str(node.op) == "unless":
        yield from conditions(node.lhs)
        yield Condition(_bare(node.rhs), excludes=True)
    else:
        yield Condition(node)


def value_for(node: Any, series: SeriesStore, pod: str, second: float) -> float | None:
    """Return what an expression gives for a pod; without the label ``pod``, what it gives."""
    try:
        values = evaluate(node, series, second)
    except PromQLError:
        return None
    for labels, value in values.items():
        if _pod_in(labels) in (pod, None):
            return value
    return None


def written(node: Any) -> str:
    """Return an expression on one line."""
    return " ".join(node.prettify().split())


def _pod_in(labels: Labels) -> str | None:
    return dict(labels).get("pod")


def _bare(node: Any) -> Any:
    return _bare(node.expr) if isinstance(node, ast.ParenExpr) else node


def _is_comparison(node: Any) -> bool:
    return isinstance(node, ast.BinaryExpr) and str(node.op) in _COMPARISONS


def _all_nodes(groups: tuple[Group, ...]) -> Iterator[ast.Expr]:
    return (node for group in groups for rule in group.rules for node in _nodes(rule.tree))


def _nodes(tree: ast.Expr) -> list[ast.Expr]:
    nodes: list[ast.Expr] = []
    ast.walk(tree, nodes.append)
    return nodes
