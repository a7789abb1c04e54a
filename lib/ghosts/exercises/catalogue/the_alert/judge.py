"""Judges an alert: it fires in the incident early enough, and on no pod without ghosts."""

from collections.abc import Mapping
from typing import Final

from ghosts.alerts import Alert, Evaluated, Group, PromQLError, evaluate_rules
from ghosts.exercises.catalogue.the_alert.cases import INCIDENT, Case, cases
from ghosts.exercises.catalogue.the_alert.promtool_verdict import promtool_says
from ghosts.exercises.catalogue.the_alert.reading import (
    groups_of,
    metrics_of,
    returns_bool,
    unexposed,
)
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement

BOUND: Final = 3600.0
"""Simulated seconds within which the alert has to fire in the incident."""
_TCP: Final = "pusher_tcp_connections"
_MEMORY: Final = "process_resident_memory_bytes"
_WHY: Final = {
    "healthy": "devices come and go, and some of those that have left are still draining: "
    "that is no fault",
    "fixed": "sessions end there, and it has no ghosts",
    "wave": "their sessions drain for up to 150 s, which is no fault: the alert has to wait longer",
    "rollout": "a restart takes the old series away and begins new ones: that is no fault",
    "scrapes fail": "a series that is missing says nothing about ghosts",
}


def judge(answer: object) -> Outcome:
    """Return whether an alert would have paged, and would not have without ghosts."""
    groups = groups_of(answer)
    if isinstance(groups, Incorrect):
        return groups
    incident, *others = cases().values()
    wrong = unexposed(
        groups, sorted({name for each in cases().values() for name in each.series.names()})
    )
    if wrong is not None:
        return wrong
    try:
        evaluated = {name: evaluate_rules(groups, case.series) for name, case in cases().items()}
    except PromQLError as error:
        return Incorrect(f"the expression cannot be evaluated: {error}.")
    first = {name: next(iter(one.fired()), None) for name, one in evaluated.items()}
    requirements = _requirements(first)
    late = _too_late(groups, incident, evaluated[INCIDENT])
    if late is not None and not _fires_everywhere(first):
        return Incorrect(late.reason, late.seen, requirements)
    for case in others:
        alert = first[case.name]
        if alert is not None and alert.fired_at is not None:
            reason = _false_alarm(groups, case, alert, everywhere=_fires_everywhere(first))
            return Incorrect(reason, _seen(case, alert.fired_at), requirements)
    page = first[INCIDENT]
    assert page is not None
    assert page.fired_at is not None
    seen = {**_seen(incident, page.fired_at), **promtool_says(groups, first)}
    ghosts = incident.counts(page.fired_at)["ghosts"]
    words = (
        f"it fires at minute {page.fired_at / 60:g} of the incident, with {ghosts} ghosts, and on "
        "none of the pods without ghosts."
    )
    return Correct(words, seen, requirements)


def _too_late(groups: tuple[Group, ...], incident: Case, evaluated: Evaluated) -> Incorrect | None:
    """Return why the alert does not fire in the incident within the bound; None if it does."""
    end = incident.series.until
    hold = max(rule.hold for group in groups for rule in group.rules)
    if not evaluated.alerts:
        return Incorrect(
            "it never fires: the expression has no value at any time of the incident. Evaluate it "
            "at the end, where the gauge is above the TCP connections.",
            _seen(incident, end),
        )
    fired = evaluated.fired()
    if not fired:
        return Incorrect(
            f"it never fires: the expression holds, but not for {hold / 60:g} minutes without a "
            "break.",
            _seen(incident, end),
        )
    at = fired[0].fired_at or 0.0
    if at <= BOUND:
        return None
    counts = incident.counts(at)
    reason = (
        f"it fires at minute {at / 60:g}, with {counts['ghosts']} ghosts; it should within the "
        f"first {BOUND / 60:.0f} minutes. "
    )
    return Incorrect(reason + _why_late(metrics_of(groups), fired[0]), _seen(incident, at))


def _why_late(metrics: set[str], alert: Alert) -> str:
    if metrics == {_MEMORY}:
        return "Memory grows only once uploads no longer end, which is later than the first ghosts."
    if _TCP not in metrics:
        return "The gauge alone looks like load until there are more ghosts than devices."
    if alert.pending_at <= BOUND:
        return "It holds early enough: what is too long is its `for`."
    return "It asks for more ghosts than there are in the first hour: lower the threshold."


def _fires_everywhere(first: Mapping[str, Alert | None]) -> bool:
    return all(alert is not None for alert in first.values())


def _false_alarm(groups: tuple[Group, ...], case: Case, alert: Alert, *, everywhere: bool) -> str:
    if returns_bool(groups):
        return (
            "with `bool` a comparison returns 0 or 1 instead of leaving series out, and an alert "
            "fires for every series that there is, also for 0: it fires on every pod."
        )
    counts, metrics = case.counts(alert.fired_at or 0.0), metrics_of(groups)
    at = f"it fires on {case.words}, at minute {(alert.fired_at or 0) / 60:g}: "
    numbers = f"gauge {counts['gauge']}, TCP connections {counts['TCP connections']}"
    if everywhere:
        return f"{at}{numbers}. It fires on every pod: what it asks for holds without ghosts."
    if metrics == {_MEMORY}:
        return (
            f"{at}{counts['memory (MiB)']} MiB and no ghosts. Memory is also what waits to be "
            "uploaded: it does not say whose it is."
        )
    if _TCP not in metrics and case.name == "busy":
        return (
            f"{at}{numbers}. The gauge alone does not tell devices from ghosts: compare it with "
            "the TCP connections."
        )
    why = _WHY.get(case.name, "there are many devices and no ghosts")
    return f"{at}{numbers}; {why}."


def _seen(case: Case, second: float) -> dict[str, object]:
    return {"minute": f"{second / 60:g}", **case.counts(second)}


def _requirements(first: Mapping[str, Alert | None]) -> tuple[Requirement, ...]:
    page = first[INCIDENT]
    in_time = page is not None and (page.fired_at or 0.0) <= BOUND
    every = cases()
    return (
        Requirement(f"fires in the incident, within {BOUND / 60:.0f} minutes", in_time),
        *(
            Requirement(f"does not fire on {every[name].words}", alert is None)
            for name, alert in first.items()
            if name != INCIDENT
        ),
    )
