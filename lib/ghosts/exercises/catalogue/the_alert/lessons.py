"""What in an alert led to what it did wrong, as far as its parts and their values show it."""

from ghosts.alerts import STEP, Alert, Rule, evaluate_rules, parse
from ghosts.exercises.catalogue.the_alert.findings import Finding, Kind, findings
from ghosts.exercises.catalogue.the_alert.fleet import BOUND, FEW
from ghosts.exercises.catalogue.the_alert.structure import (
    asks_for_growth,
    functions,
    longest_range,
    metrics_of,
    offsets,
    over_pods,
    value_for,
    without_offsets,
)
from ghosts.exercises.catalogue.the_alert.unmet import (
    GAUGE,
    MEMORY,
    TCP,
    Groups,
    rule_of,
    unmet_condition,
)


def of_an_offset(groups: Groups, finding: Finding) -> str:
    """Return that it is an ``offset``, if the finding is not there without it.

    An ``offset`` that makes growth of two values is no mistake of its own.
    """
    if not offsets(groups) or asks_for_growth(groups):
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
    """Return why an alert did not fire on a pod with ghosts, or not in time, or stopped."""
    rule, metrics = rule_of(groups, finding), metrics_of(groups)
    unmet, about = unmet_condition(groups, rule, finding)
    if not unmet:
        return _too_long(groups, rule, finding)
    if GAUGE not in metrics and MEMORY in metrics:
        return (
            "Memory grows only once uploads no longer end, which is later than the first ghosts, "
            f"and not on every pod. {unmet}"
        )
    if metrics == {GAUGE} and not asks_for_growth(groups):
        return f"The gauge alone looks like load until there are more ghosts than devices. {unmet}"
    if GAUGE not in metrics:
        return f"TCP connections alone do not tell how many sessions there are. {unmet}"
    return f"{unmet} {about}"


def _too_long(groups: Groups, rule: Rule, finding: Finding) -> str:
    """Return what keeps an alert from firing whose conditions are met early enough."""
    broken = (one.ended_at for one in finding.evaluated.alerts if _is_pending(one, finding))
    if finding.kind is Kind.NEVER and any(at is not None for at in broken):
        return (
            f"Its expression holds there at times, but never for {rule.hold / 60:g} minutes "
            "without a break."
        )
    if rule.hold > BOUND:
        return "Its expression holds early enough: what is too long is its `for`."
    step = max(group.interval for group in groups)
    if step > STEP and finding.kind is Kind.LATE:
        return f"Its expression holds early enough, but is evaluated every {step / 60:g} minutes."
    return ""


def _is_pending(alert: Alert, finding: Finding) -> bool:
    return alert.fired_at is None and alert.labels.get("pod") == finding.pod.name


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
    if asks_for_growth(groups):
        return "It asks how fast a count changes: devices that come and go change it as well."
    if TCP not in metrics and counts["gauge"] <= counts["TCP connections"]:
        return (
            "The gauge alone does not tell devices from ghosts: compare it with the TCP "
            "connections."
        )
    if op is not None:
        return f"`{op}` is over all pods: whether it fires for one depends on the others."
    few = counts["gauge"] - counts["TCP connections"] <= FEW
    if span and few and _most(finding, span) <= FEW:
        return (
            f"At no time of the last {span / 60:g} minutes was the gauge more than {FEW} above "
            f"TCP: it compares values of different times. {_sentence(finding.pod.why)}"
        )
    if span and few:
        return (
            f"At that time few sessions are draining there; a range of {span / 60:g} minutes still "
            f"has what was before. {_sentence(finding.pod.why)}"
        )
    return _sentence(finding.pod.why)


def _most(finding: Finding, span: float) -> float:
    """Return the most by which the gauge was above TCP in the last seconds."""
    difference = f"max_over_time(({GAUGE} - {TCP})[{span:.0f}s:30s])"
    series, pod = finding.evaluated.series, finding.pod.name
    return value_for(parse(difference), series, pod, finding.second) or 0.0


def of_staying(groups: Groups, finding: Finding) -> str:
    """Return why an alert went on after the ghosts were gone."""
    rule, span = rule_of(groups, finding), longest_range(groups)
    if rule.keep > BOUND:
        return f"A keep_firing_for of {rule.keep / 60:g} minutes is too long."
    if span:
        return f"A range of {span / 60:g} minutes still has them."
    return ""


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
