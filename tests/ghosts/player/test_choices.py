"""The stored runs of the page: what they were made with, and that the page has them as stored."""

import base64
import gzip
import json
import re

import pytest

from ghosts.player.choices import choices_data, finding, values_in_words
from ghosts.player.html import stored_runs_html
from ghosts.player.parameters import Parameters
from ghosts.player.rerun import parameters_of, with_share
from ghosts.player.variations import Variation, store, stored_variations
from ghosts.records.scenario import load_scenario

STORED = stored_variations()
INCIDENT, *CHANGED = STORED


def changed(**values):
    """Return the stored run that differs from the incident's in these parameters alone."""
    fields = {**INCIDENT.parameters.fields, **values}
    (found,) = (each for each in STORED if each.parameters.fields == fields)
    return found


@pytest.fixture(scope="module")
def embedded():
    """The data in the page, as its script reads them."""
    (packed,) = re.findall(r'id="ghosts-stored-runs-data">(.*?)</script>', stored_runs_html(STORED))
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_the_first_is_the_incident():
    assert INCIDENT.recording.variant == "gather_all"
    assert parameters_of(INCIDENT.recording) == INCIDENT.parameters


def test_all_are_of_the_production_scenario_with_their_share_of_hung_uploads():
    production = load_scenario("production")
    for each in STORED:
        assert each.recording.scenario == with_share(production, each.parameters.share)


def test_a_choice_leads_to_one_run_at_most_and_every_run_is_reached():
    fields = [tuple(each.parameters.fields.items()) for each in STORED]
    assert len(set(fields)) == len(fields)
    reached, found = set(), {fields[0]}
    while found:
        now = found.pop()
        reached.add(now)
        one_step = {each for each in fields if len(set(each) - set(now)) == 1}
        found |= one_step - reached
    assert reached == set(fields)


def test_each_parameter_is_changed_alone():
    for name, values in (
        ("workers", ("8", "32", "64")),
        ("deadline", ("30", "600")),
        ("share", ("0", "0.5", "5")),
    ):
        for value in values:
            assert changed(**{name: value}) in CHANGED


def test_the_page_has_each_run_as_it_is_stored(embedded):
    assert embedded == json.loads(json.dumps(choices_data(STORED)))
    for run, each in zip(embedded["runs"], STORED, strict=True):
        assert Parameters.parse(run["parameters"]) == each.parameters
        assert run["workers"] == each.parameters.workers
        for count in ("t", "gauge", "tcp", "ghosts", "workers_blocked", "rss_bytes"):
            assert run["samples"][count] == [getattr(one, count) for one in each.recording.samples]


def test_the_page_offers_every_stored_value_and_no_other(embedded):
    for choice in embedded["choices"]:
        offered = [option["value"] for option in choice["options"]]
        assert sorted(offered) == sorted(
            {run["parameters"][choice["name"]] for run in embedded["runs"]}
        )


def test_the_page_grows_by_less_than_300_kb():
    assert len(stored_runs_html(STORED)) < 300_000


def test_a_finding_is_what_the_run_ended_with():
    assert finding(changed(deadline="30"), INCIDENT).startswith(
        "No worker is blocked; no ghosts at the end, 194 with the incident's parameters; "
    )
    assert finding(INCIDENT, INCIDENT).startswith(
        "All 16 workers are blocked for the first time at minute 56; 194 ghosts at the end; "
    )
    most = max(each.workers_blocked for each in changed(workers="64").recording.samples)
    assert finding(changed(workers="64"), INCIDENT).startswith(f"At most {most} of 64 workers")


def test_the_report_says_of_them_what_they_show():
    """More workers delay it; without a deadline ghosts remain, and a deadline of 30 s has none."""
    blocked_at = [changed(workers=each).recording for each in ("8", "16", "32")]
    first = [
        next(one.t for one in each.samples if one.workers_blocked >= workers)
        for each, workers in zip(blocked_at, (8, 16, 32), strict=True)
    ]
    assert first == sorted(set(first))
    for each in STORED:
        parameters, ghosts = each.parameters, [one.ghosts for one in each.recording.samples]
        if parameters.deadline is None and parameters.share:
            assert ghosts[-1] > 0
        if parameters.deadline == 30:
            assert max(ghosts) == 0
    assert changed(deadline="30", workers="8")
    assert changed(deadline="30", share="5")


def test_stored_values_are_said_in_words():
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in values_in_words(STORED)] == [
        "upload workers: 8, 16, 32, 64",
        "deadline: 30 s, 600 s, none",
        "uploads that hang: 0 %, 0.5 %, 1.4 %, 5 %",
    ]


def test_what_is_stored_is_read_as_it_was(tmp_path):
    store(STORED[:2], tmp_path / "some.json.xz")
    assert stored_variations(tmp_path / "some.json.xz") == STORED[:2]
    assert isinstance(STORED[0], Variation)
