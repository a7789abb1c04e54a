"""The exercise of the alert: its verdict is that of Prometheus, on what pods have exposed."""

import json

import pytest
from answer_files import answer_files, answer_of

from ghosts.alerts import evaluate_rules, load_rules
from ghosts.alerts.promtool import found
from ghosts.exercises import Correct, Incorrect, NotAttempted
from ghosts.exercises.catalogue.the_alert import EXERCISE
from ghosts.exercises.catalogue.the_alert.cases import INCIDENT, cases
from ghosts.paths import DATA


@pytest.mark.parametrize("starter", [{"expr": ..., "for": ...}, (..., "5m"), {"expr": ...}])
def test_a_starter_in_any_form_is_not_attempted(starter: object) -> None:
    assert isinstance(EXERCISE.check(starter), NotAttempted)


@pytest.mark.parametrize(
    "path", answer_files("the_alert", "right"), ids=lambda path: str(path.stem)
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


def test_the_reason_has_the_minute_and_what_the_pod_looked_like() -> None:
    outcome = EXERCISE.check({"expr": "pusher_active_ws_connections > 30", "for": "5m"})
    assert isinstance(outcome, Incorrect)
    assert "on a healthy pod with 200 devices, at minute" in outcome.reason
    assert outcome.seen["gauge"] == outcome.seen["TCP connections"] > 30
    assert outcome.seen["ghosts"] == 0
    assert {each.words for each in outcome.requirements if not each.held} >= {
        "does not fire on a healthy pod with 200 devices"
    }


def test_the_incident_is_the_recording_that_is_stored() -> None:
    stored = json.loads((DATA / "recordings/production_full_gather_all.json").read_text())
    last = stored["samples"][-1]
    counts = cases()[INCIDENT].counts(int(last["t"]))
    assert (counts["gauge"], counts["TCP connections"]) == (last["gauge"], last["tcp"])
    assert counts["ghosts"] == last["ghosts"]
