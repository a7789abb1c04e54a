"""Judges an alert: it fires for each pod with ghosts, in time and by name, and for no other."""

from collections.abc import Iterable, Sequence

from ghosts.alerts import Evaluated, PromQLError, evaluate_rules
from ghosts.exercises.catalogue.the_alert.findings import Finding, Kind, findings
from ghosts.exercises.catalogue.the_alert.fleet import Fleet, Pod
from ghosts.exercises.catalogue.the_alert.fleets import fleets
from ghosts.exercises.catalogue.the_alert.promtool_verdict import promtool_says
from ghosts.exercises.catalogue.the_alert.reading import groups_of, unexposed
from ghosts.exercises.catalogue.the_alert.reasons import reason_for
from ghosts.exercises.catalogue.the_alert.structure import returns_bool, selecting_nothing
from ghosts.exercises.catalogue.the_alert.unmet import Groups
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement


def judge(answer: object) -> Outcome:
    """Return whether an alert fires for each pod with ghosts, and for no other."""
    groups = groups_of(answer)
    if isinstance(groups, Incorrect):
        return groups
    every = fleets()
    exposed = sorted({name for fleet in every for name in fleet.series.names()})
    wrong = unexposed(groups, exposed)
    if wrong is not None:
        return wrong
    try:
        evaluated = [evaluate_rules(groups, fleet.series) for fleet in every]
    except PromQLError as error:
        return Incorrect(f"the check cannot evaluate the expression: {error}.")
    both = [*zip(every, evaluated, strict=True)]
    found = [finding for fleet, one in both for finding in findings(fleet, one)]
    if not found:
        return _right(groups, every, evaluated)
    worst = _worst(found, next(iter(every[0].pods.values())))
    reason = _reason(groups, both, found, worst)
    seen = _counts(worst.fleet, worst.pod, worst.second)
    return Incorrect(reason, seen, _requirements(found))


def _worst(found: Sequence[Finding], incident: Pod) -> Finding:
    """Return the finding that is the reason."""

    def rank(finding: Finding) -> int:
        false = finding.kind is Kind.FALSE
        order = (
            finding.kind is Kind.UNNAMED,
            finding.pod is incident and not false,
            false and not finding.pod.has_many,
            finding.kind in (Kind.NEVER, Kind.LATE),
            not false,
        )
        return order.index(True) if True in order else len(order)

    return min(found, key=rank)


def _reason(
    groups: Groups,
    both: Sequence[tuple[Fleet, Evaluated]],
    found: Sequence[Finding],
    worst: Finding,
) -> str:
    """Return why an alert is wrong: what it does everywhere or nowhere, or else the worst of it."""
    nothing = selecting_nothing(groups, [fleet.series for fleet, _ in both])
    if nothing is not None and not any(evaluated.fired() for _, evaluated in both):
        return (
            f"it never fires: no series matches `{nothing}`. A pod gets a new name whenever it is "
            "replaced, and there is no label but pod."
        )
    if returns_bool(groups):
        return (
            "with `bool` a comparison returns 0 or 1 instead of leaving series out, and an alert "
            "fires for every series that there is, also for 0: it fires on every pod."
        )
    healthy = {pod.name for fleet, _ in both for pod in fleet.pods.values() if not pod.has_many}
    false = {each.pod.name for each in found if each.kind is Kind.FALSE} & healthy
    most = worst.kind is Kind.FALSE and len(false) > len(healthy) / 2
    everywhere = (
        f" It fires on {len(false)} of {len(healthy)} pods without ghosts: what it asks for holds "
        "there as well."
    )
    return f"{reason_for(groups, worst)}{everywhere if most else ''}"


def _right(groups: Groups, every: Sequence[Fleet], evaluated: Sequence[Evaluated]) -> Correct:
    incident = next(iter(every[0].pods.values()))
    page = next(
        each for each in evaluated[0].fired() if each.labels.get("pod") == incident.name
    ).fired_at
    assert page is not None
    pods = [pod for fleet in every for pod in fleet.pods.values()]
    many = sum(pod.has_many for pod in pods)
    words = (
        f"it fires at minute {page / 60:g} of the incident, with {incident.ghosts_at(page)} "
        f"ghosts. It names each of the {many} pods with ghosts, and none of the {len(pods) - many} "
        "pods without."
    )
    seen = {**_counts(every[0], incident, page), **promtool_says(groups, every, evaluated)}
    return Correct(words, seen, _requirements(()))


def _counts(fleet: Fleet, pod: Pod, second: float) -> dict[str, object]:
    return {"pod": pod.words, "minute": f"{second / 60:g}", **fleet.counts(pod, second)}


def _requirements(found: Iterable[Finding]) -> tuple[Requirement, ...]:
    kinds = {finding.kind for finding in found}
    return tuple(Requirement(kind.value, kind not in kinds) for kind in Kind)
