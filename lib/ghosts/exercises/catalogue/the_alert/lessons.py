"""What in an alert led to what it did wrong, as far as its parts and their values show it."""

import math
from typing import Any, Final, TypeAlias

import promql_parser as ast

from ghosts.alerts import Group, Rule, SeriesStore, evaluate_rules, parse
from ghosts.exercises.catalogue.the_alert.findings import Finding, Kind, findings
from ghosts.exercises.catalogue.the_alert.fleet import BOUND, FEW, MANY
from ghosts.exercises.catalogue.the_alert.structure import (
    Condition,
    alerts_of,
    conditions,
    functions,
    is_relative,
    longest_range,
    metrics_of,
    offsets,
    over_pods,
    selected,
    value_for,
    without_offsets,
    written,
)

Groups: TypeAlias = tuple[Group, ...]

GAUGE: Final = "pusher_active_ws_connections"
TCP: Final = "pusher_tcp_connections"
MEMORY: Final = "process_resident_memory_bytes"
_GROWTH: Final = {"changes", "delta", "deriv", "idelta", "increase", "irate", "rate"}


def of_an_offset(groups: Groups, finding: Finding) -> str:
    """Return that it is an ``offset``, if the finding is not there without it."""
    if not offsets(groups):
        return ""
    again = evaluate_rules(without_offsets(groups), finding.fleet.series)
    same = (finding.kind, finding.pod.name)
    if any((each.kind, each.pod.name) == same for each in findings(finding.fleet, again)):
        return ""
    return (
        f"`{offsets(groups)[0]}` reads what pods exposed at another time: without it, this does "
        "not happen."
    )


def of_the_labels(groups: Groups, finding: Finding) -> str:
    """Return why an alert names no pod."""
    assert finding.alert is not None
    if "pod" in finding.alert.labels:
        return "No pod has that name: leave the label as it is in the series."
    op = over_pods(groups)
    if functions(groups) & {"absent", "absent_over_time"} and not finding.pod.has_many:
        return "A series that is missing says nothing about ghosts."
    if op is not None:
        return f"`{op}` without `by (pod)` is over all pods, and drops the label: compare each pod."
    return "Leave the label pod in what the expression gives."


def of_missing_ghosts(groups: Groups, finding: Finding) -> str:
    """Return why an alert did not fire on a pod with ghosts, or stopped."""
    rule, metrics = _rule(groups, finding), metrics_of(groups)
    broken = _broken(rule, finding)
    if broken:
        return broken
    unmet, about = _unmet(groups, rule, finding)
    if GAUGE not in metrics and MEMORY in metrics:
        return (
            "Memory grows only once uploads no longer end, which is later than the first ghosts, "
            f"and not on every pod. {unmet}"
        )
    if TCP not in metrics:
        return f"The gauge alone looks like load until there are more ghosts than devices. {unmet}"
    if GAUGE not in metrics:
        return f"TCP connections alone do not tell how many sessions there are. {unmet}"
    alert = finding.alert
    if finding.kind is Kind.LATE and alert is not None and alert.pending_at <= finding.pod.due:
        return "Its expression holds early enough: what is too long is its `for`."
    return f"{unmet} {about}"


def _broken(rule: Rule, finding: Finding) -> str:
    """Return that the expression does not hold for as long as ``for`` asks, if it holds at all."""
    alerts = finding.evaluated.alerts
    pending = (one.pending_at for one in alerts if one.labels.get("pod") == finding.pod.name)
    held = any(at <= finding.pod.due for at in pending)
    if finding.kind is not Kind.NEVER or not rule.hold or not held:
        return ""
    return (
        f"Its expression holds there at times, but never for {rule.hold / 60:g} minutes without a "
        "break."
    )


def _unmet(groups: Groups, rule: Rule, finding: Finding) -> tuple[str, str]:
    """Return which condition was not met, with its values, and what that says about it."""
    second = finding.second if finding.kind is Kind.STOPS else finding.pod.due - rule.hold
    series, pod = finding.evaluated.series, finding.pod.name
    for each in conditions(rule.tree):
        if not each.is_met(series, pod, second):
            words = _condition(each, series, pod, second)
            return f"At minute {second / 60:g} {words}.", _about(groups, each)
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


def _about(groups: Groups, unmet: Condition) -> str:
    """Return what a condition that is not met leaves out."""
    op, metrics = over_pods(groups), selected(unmet.node)
    if op is not None:
        return f"`{op}` is over all pods, so what it gives depends on the other pods."
    if "scalar" in functions(groups):
        return "`scalar` has a value only where there is a single series, and there are many pods."
    if metrics in ({GAUGE}, {TCP}) and not functions(groups) & _GROWTH:
        return (
            "How many devices there are differs from pod to pod: a bound on one of the two counts "
            "does not tell whether there are ghosts."
        )
    if functions(groups) & _GROWTH:
        return "It asks how fast a count changes: ghosts that stay do not change it."
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


def of_a_false_alarm(groups: Groups, finding: Finding) -> str:
    """Return why an alert fired on a pod without ghosts."""
    counts, metrics = finding.fleet.counts(finding.pod, finding.second), metrics_of(groups)
    op, span = over_pods(groups), longest_range(groups)
    if finding.pod.has_many:
        return "It has no ghosts at that time."
    if GAUGE not in metrics and MEMORY in metrics:
        return (
            f"It has {counts['memory (MiB)']} MiB and {counts['ghosts']} ghosts. Memory is also "
            "what waits to be uploaded, or a cache: it does not tell whose it is."
        )
    if TCP not in metrics and counts["gauge"] <= counts["TCP connections"]:
        return (
            "The gauge alone does not tell devices from ghosts: compare it with the TCP "
            "connections."
        )
    if op is not None:
        return f"`{op}` is over all pods: whether it fires for one depends on the others."
    if functions(groups) & _GROWTH:
        return "It asks how fast a count changes: devices that come and go change it as well."
    if span and counts["gauge"] - counts["TCP connections"] <= FEW < _most(finding, span):
        return (
            f"By then it is over there; a range of {span / 60:g} minutes still has what was "
            f"before. {_sentence(finding.pod.why)}"
        )
    return _sentence(finding.pod.why)


def _most(finding: Finding, span: float) -> float:
    """Return the most by which the gauge was above TCP in the last seconds."""
    difference = f"max_over_time(({GAUGE} - {TCP})[{span:.0f}s:30s])"
    series, pod = finding.evaluated.series, finding.pod.name
    return value_for(parse(difference), series, pod, finding.second) or 0.0


def of_staying(groups: Groups, finding: Finding) -> str:
    """Return why an alert went on after the ghosts were gone."""
    rule, span = _rule(groups, finding), longest_range(groups)
    if rule.keep > BOUND:
        return f"A keep_firing_for of {rule.keep / 60:g} minutes is too long."
    if span:
        return f"A range of {span / 60:g} minutes still has them."
    return ""


def _rule(groups: Groups, finding: Finding) -> Rule:
    """Return the rule of the alert that did it, or of the first one."""
    rules = alerts_of(groups)
    name = rules[0].name if finding.alert is None else finding.alert.name
    return next(rule for rule in rules if rule.name == name)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
