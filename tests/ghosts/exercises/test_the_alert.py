"""The exercise of the alert: its verdict is that of Prometheus, on fleets of several pods."""

import json
from dataclasses import replace

import pytest
from answer_files import answer_files, answer_of, marks

from ghosts.alerts import Group, alert_rule, evaluate_rules, load_rules
from ghosts.alerts.promtool import found
from ghosts.exercises import Correct, Incorrect, NotAttempted
from ghosts.exercises.catalogue.the_alert import EXERCISE
from ghosts.exercises.catalogue.the_alert.cases import INCIDENT, cases
from ghosts.exercises.catalogue.the_alert.findings import findings
from ghosts.exercises.catalogue.the_alert.fleets import fleets
from ghosts.exercises.catalogue.the_alert.lessons import GAUGE, TCP
from ghosts.paths import DATA


def lasting(expr: str, hold: str) -> Group:
    return Group(name="", interval=30, rules=(alert_rule("Above", expr, hold),))


@pytest.mark.parametrize("starter", [{"expr": ..., "for": ...}, (..., "5m"), {"expr": ...}])
def test_a_starter_in_any_form_is_not_attempted(starter: object) -> None:
    assert isinstance(EXERCISE.check(starter), NotAttempted)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=marks(path))
        for path in answer_files("the_alert", "right")
    ],
)
def test_promtool_has_every_right_alert_fire_at_the_same_time(path) -> None:
    outcome = EXERCISE.check(answer_of(path, EXERCISE))
    assert isinstance(outcome, Correct)
    assert outcome.seen.get("promtool") == ("agrees" if found() else None)


def test_the_rules_of_this_suite_fire_in_the_incident_and_nowhere_else() -> None:
    fired = {
        name: evaluate_rules(load_rules(), case.series).fired() for name, case in cases().items()
    }
    assert [one.name for one in fired.pop(INCIDENT)] == ["GhostConnections"]
    assert not any(fired.values())


def test_the_ghost_alert_of_this_suite_names_each_pod_with_ghosts_and_no_other() -> None:
    names = {"pod:ghost_connections:difference", "GhostConnections"}
    (group,) = load_rules()
    rules = tuple(rule for rule in group.rules if rule.name in names)
    groups = (replace(group, rules=rules),)
    for fleet in fleets():
        assert [*findings(fleet, evaluate_rules(groups, fleet.series))] == []


def test_no_two_checks_have_pods_of_the_same_name() -> None:
    first, again = ({name for fleet in fleets() for name in fleet.pods} for _ in range(2))
    assert not first & again


def test_a_healthy_pod_is_above_its_connections_by_5_or_for_160_seconds() -> None:
    for fleet in fleets():
        for pod in (one for one in fleet.pods.values() if not one.has_many):
            above = lasting(f'{GAUGE}{{pod="{pod.name}"}} - {TCP} > 5', "160s")
            assert evaluate_rules([above], fleet.series).fired() == [], pod.words


def test_the_reason_has_the_minute_and_what_the_pod_looked_like() -> None:
    outcome = EXERCISE.check({"expr": "pusher_active_ws_connections > 30", "for": "5m"})
    assert isinstance(outcome, Incorrect)
    assert "it fires at minute 7 on a healthy pod with 200 devices: gauge" in outcome.reason
    assert outcome.seen["gauge"] == outcome.seen["TCP connections"] > 30
    assert outcome.seen["ghosts"] == 0
    assert "does not fire on a pod without ghosts" in {
        each.words for each in outcome.requirements if not each.met
    }


def test_the_incident_is_the_recording_that_is_stored() -> None:
    stored = json.loads((DATA / "recordings/production_full_gather_all.json").read_text())
    last = stored["samples"][-1]
    counts = cases()[INCIDENT].counts(int(last["t"]))
    assert (counts["gauge"], counts["TCP connections"]) == (last["gauge"], last["tcp"])
    assert counts["ghosts"] == last["ghosts"]
