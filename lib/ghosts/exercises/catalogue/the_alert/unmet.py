"""Which condition of an alert is not met for a pod with ghosts, and what that says about it."""

import math
from typing import Any, Final, TypeAlias

import promql_parser as ast

from ghosts.alerts import Group, Rule, SeriesStore
from ghosts.exercises.catalogue.the_alert.findings import Finding, Kind
from ghosts.exercises.catalogue.the_alert.fleet import BOUND, MANY
from ghosts.exercises.catalogue.the_alert.structure import (
    Condition,
    alerts_of,
    asks_for_growth,
    conditions,
    functions,
    is_relative,
    longest_range,
    over_pods,
    selected,
    selects_by_pod,
    value_for,
    written,
)

Groups: TypeAlias = tuple[Group, ...]

GAUGE: Final = "pusher_active_ws_connections"
TCP: Final = "pusher_tcp_connections"
MEMORY: Final = "process_resident_memory_bytes"


def rule_of(groups: Groups, finding: Finding) -> Rule:
    """Return the rule of the alert that did it, or of the first one."""
    rules = alerts_of(groups)
    name = rules[0].name if finding.alert is None else finding.alert.name
    return next(rule for rule in rules if rule.name == name)


def unmet_condition(groups: Groups, rule: Rule, finding: Finding) -> tuple[str, str]:
    """Return which condition was not met, with its values, and what that says about it.

    It is the first that was not met when the alert stopped, or when it had to be met at the latest
    for the alert to fire in time. Two empty texts if all were met.
    """
    second = finding.pod.due - min(rule.hold, BOUND)
    if finding.kind is Kind.STOPS:
        second = finding.second
    series, pod = finding.evaluated.series, finding.pod.name
    for each in conditions(rule.tree):
        if not each.is_met(series, pod, second):
            words = _condition(each, series, pod, second)
            return f"At minute {second / 60:.4g} {words}.", _about(groups, rule, each)
    return "", ""


def _condition(unmet: Condition, series: SeriesStore, pod: str, second: float) -> str:
    node = unmet.node
    if unmet.excludes:
        return f"`unless {written(node)}` leaves the pod out"
    if not unmet.is_comparison:
        return f"`{written(node)}` has no value for it"
    left, right = (value_for(side, series, pod, second) for side in (node.lhs, node.rhs))
    if left is None:
        return f"`{written(node.lhs)}` has no value for it"
    bound = "" if right is None else _number(right)
    if not isinstance(node.rhs, ast.NumberLiteral):
        bound = f"`{written(node.rhs)}`, which {f'is {bound}' if bound else 'has no value'}"
    return f"`{written(node.lhs)}` is {_number(left)} there, not {node.op} {bound}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if 10_000 <= abs(value) < math.inf else f"{value:.4g}"


def _about(groups: Groups, rule: Rule, unmet: Condition) -> str:
    """Return what a condition that is not met leaves out."""
    op, metrics, span = over_pods(groups), selected(unmet.node), longest_range(groups)
    if op is not None:
        return f"`{op}` is over all pods, so what it gives depends on the other pods."
    if "scalar" in functions(groups):
        return "`scalar` has a value only where there is a single series, and there are many pods."
    if selects_by_pod(unmet.node):
        return "A pod gets a new name whenever it is replaced: select none by its name."
    if metrics in ({GAUGE}, {TCP}) and not asks_for_growth(groups):
        return (
            "How many devices there are differs from pod to pod: a bound on one of the two counts "
            "does not tell whether there are ghosts."
        )
    if asks_for_growth(groups):
        return "It asks how fast a count changes: ghosts that stay do not change it."
    if metrics == {MEMORY}:
        return "Memory does not tell whether there are ghosts."
    if span and span + rule.hold > BOUND:
        return f"A range of {span / 60:g} minutes reaches back to before there were {MANY} ghosts."
    if is_relative(unmet.node):
        return (
            "It asks for a share: on a pod with many devices the same ghosts are a small one, and "
            f"{MANY} have to be found on each."
        )
    if not unmet.is_comparison or str(unmet.node.op) not in (">", ">="):
        return ""
    if _is_turned_round(unmet.node.lhs):
        return "It is below 0 where there are ghosts: subtract the other way round."
    return f"Lower the threshold: {MANY} ghosts have to be found."


def _is_turned_round(node: Any) -> bool:
    difference = isinstance(node, ast.BinaryExpr) and str(node.op) == "-"
    return difference and (selected(node.lhs), selected(node.rhs)) == ({TCP}, {GAUGE})
