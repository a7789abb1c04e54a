"""The file of an incident: what is read from it, and one clear line for what is wrong."""

import re
import tomllib
from dataclasses import fields

import pytest
from made_up_incident import INCIDENT, recordings, write_in

from ghosts import evidence
from ghosts.paths import DATA
from ghosts.postmortem import IncidentError, compose, load_incident, recordings_of, write_template
from ghosts.postmortem.incident import Incident, Mark
from ghosts.postmortem.load import THIS_INCIDENT
from ghosts.records.recording import RecordingError

ROOT = DATA.parent
TEMPLATE = DATA / "postmortem" / "template.toml"


def _texts(table):
    """Every text of a TOML file, but for what names something: files, dates, runs."""
    names = {"scenario", "await_chain", "recordings", "event", "at", "source", "before", "after"}
    for key, value in table.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _texts(one)
            elif isinstance(one, str) and key not in names:
                yield one


def test_no_figure_of_this_incident_is_typed_into_its_text():
    for text in _texts(tomllib.loads(THIS_INCIDENT.read_text(encoding="utf-8"))):
        named = re.sub(r"\{[^{}]+\}|omi#\d+|`[^`]+`", "", text)
        assert not re.search(r"\d", named), text


def test_every_source_of_this_incident_is_in_the_evidence_or_in_the_repository():
    published = "".join(path.read_text(encoding="utf-8") for path in DATA.glob("*.csv"))
    found = THIS_INCIDENT.read_text(encoding="utf-8")
    issues, files = set(re.findall(r"omi#\d+", found)), set(re.findall(r'= "(\w+/.+?)"', found))
    assert len(issues) > 5
    assert not {one for one in issues if not re.search(rf"{one}\b", published)}
    assert len(files) > 5
    assert not {one for one in files if not (ROOT / one).is_file()}


def test_the_steps_of_this_incident_have_the_dates_of_the_timeline():
    incident = load_incident()
    days = {one.event: one.date for one in evidence.timeline()}
    assert [one.at.day for one in incident.timeline] == [
        days[one.event] for one in incident.timeline
    ]
    assert {one.mark for one in incident.timeline if one.mark} == {*Mark} - {"began", "mitigated"}


def test_this_incident_names_the_factors_that_it_is_known_for():
    names = {one.name for one in load_incident().factors}
    assert {
        "no deadline",
        "shared pool",
        "gauge as autoscaler input",
        "probe blind to bytes",
    } <= names


def test_every_action_item_of_this_incident_has_a_state_a_factor_and_a_run():
    for action in load_incident().actions:
        assert action.state
        assert action.against
        assert action.shown_by


def test_times_are_turned_to_utc_and_entries_put_in_order(tmp_path):
    incident = load_incident(write_in(tmp_path)[0])
    written = [(f"{one.at}", one.mark) for one in incident.timeline]
    assert written == [
        ("2026-11-03 13:50", "began"),
        ("2026-11-03 14:05", "detected"),
        ("2026-11-04", "fixed"),
    ]


def test_the_template_has_every_key_and_all_of_it_is_to_be_filled(tmp_path):
    write_template(tmp_path / "incident.toml")
    incident = load_incident(tmp_path / "incident.toml")
    text = TEMPLATE.read_text(encoding="utf-8")
    others = {"recordings", "await_chain", "timeline_title", "public_record"}
    for name in {field.name for field in fields(Incident)} - others:
        assert re.search(rf"^(# )?(\[+{name}\]|{name} =)", text, re.MULTILINE), name
    open_parts = compose(incident, recordings()).open_parts
    for what in ("title", "Summary", "users", "Timeline", "time to fix", "Trigger", "Root cause"):
        assert any(what in part for part in open_parts), what
    for what in ("Contributing factors", "went well", "Action items", "Lessons", "not known"):
        assert any(what in part for part in open_parts), what


def test_the_page_of_keys_has_every_key():
    page = (DATA / "postmortem" / "README.md").read_text(encoding="utf-8")
    for field in fields(Incident):
        assert re.search(rf"`\[*{field.name}\]*`", page), field.name


def test_a_template_replaces_no_file(tmp_path):
    (tmp_path / "mine.toml").write_text("kept")
    with pytest.raises(IncidentError, match="exists: give the name of a new file"):
        write_template(tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text() == "kept"
    with pytest.raises(IncidentError, match="cannot be written: No such file"):
        write_template(tmp_path / "no" / "mine.toml")


PAGE = '[[timeline]]\nevent = "a page"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("summary = ", "incident.toml: is no incident: not TOML"),
        ('sumary = "x"', "sumary: unknown key; did you mean 'summary'?"),
        ('[[impact]]\nknown = "x"', "impact.0.on: missing"),
        ('[[impact]]\non = "x"\nkonwn = "x"', "impact.0.konwn: unknown key; did you mean 'known'?"),
        ("summary = 3", "summary: should be a valid string"),
        (PAGE, "timeline.0.at: missing: a date, or a time"),
        (f"public_record = true\n{PAGE}", "timeline.0.at: missing: a date, or a time; or no event"),
        (f"{PAGE}at = 2026-11-03T14:05:00", "timeline.0.at: should be a date such as 2026-11-03"),
        (f'{PAGE}at = "noon"', "a time with its offset such as 2026-11-03T14:05Z; got 'noon'"),
        (f"{PAGE}at = 14:05:00", "timeline.0.at: should be a date"),
        (f'{PAGE}at = 2026-11-03\nmark = "seen"', "timeline.0.mark: should be 'began'"),
        (f'{PAGE}at = 2026-11-03\nkind = "known"', "timeline.0.kind: should be 'measured'"),
        (2 * f'{PAGE}at = 2026-11-03\nmark = "fixed"\n', "timeline: fixed: should mark one entry"),
        (
            f'{PAGE}at = 2026-11-03\nmark = "detected"\n{PAGE}at = 2026-11-02\nmark = "fixed"',
            "timeline: fixed, 2026-11-02, is before detected, 2026-11-03",
        ),
        (
            '[[factors]]\nname = "no deadline"\n[[actions]]\nwhat = "x"\nagainst = ["no dedline"]',
            "actions.0.against: no factor 'no dedline'; did you mean 'no deadline'?",
        ),
        ('[[actions]]\nwhat = "x"\nshown_by = "replay"', "actions.0.shown_by: should be 'replays'"),
        ('[[actions]]\nwhat = "x"\nshown_by = "alert"', "actions.0.before: missing"),
        ('[[figures]]\nname = "A B"\nvalue = 1\nkind = "stated"\nsource = "x"', "figures.0.name"),
        ('[durations]\n"time to rest" = "x"', "durations: no duration 'time to rest'"),
    ],
)
def test_an_invalid_file_gets_one_line_that_names_the_key(tmp_path, text, said):
    path = tmp_path / "incident.toml"
    path.write_text(text)
    with pytest.raises(IncidentError) as error:
        load_incident(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{errors}", "{erors}", "no figure '{erors}'; did you mean '{errors}'?"),
        ("{errors}", "{supervised.ghosts}", "no recording of the variant 'supervised': give one"),
        ("{errors}", "{memory_per_ghost}", "no figure '{memory_per_ghost}'"),
        ('before = "gather_all"', 'before = "nobody"', "no recording of the variant 'nobody'"),
        ('"replays"', '"experiment"', "no experiment on gather_all: 'shipped'"),
        ('after = "shipped"', 'after = ""', "no recording of the variant ''"),
        (
            'shown_by = "replays"\nbefore = "gather_all"',
            'shown_by = "matrix"\nbefore = "gather_al"',
            "'gather_all'",
        ),
    ],
)
def test_a_figure_or_a_run_that_is_not_there_is_said(tmp_path, old, new, said):
    assert old in INCIDENT
    path, *_ = write_in(tmp_path, INCIDENT.replace(old, new))
    with pytest.raises(IncidentError) as error:
        compose(load_incident(path), recordings())
    assert said in str(error.value)


def test_recordings_are_those_given_or_those_that_the_file_names(tmp_path):
    path, before, after = write_in(tmp_path)
    given = recordings_of(load_incident(path), [after])
    assert [one.variant for one in given] == ["shipped"]
    path.write_text(f'recordings = ["{before.name}"]\n{INCIDENT}')
    assert [one.variant for one in recordings_of(load_incident(path))] == ["gather_all"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "no recordings: make them with `ghosts replay --scenario"),
        (("gather_all.json", "gather_all.json"), "two recordings are of the variant 'gather_all'"),
        (("other.json",), "is of another scenario, 'production'; should be of 'mine'"),
    ],
)
def test_recordings_that_do_not_belong_together_are_refused(tmp_path, given, said):
    path, *_ = write_in(tmp_path)
    stored = DATA / "recordings" / "production_full_gather_all.json"
    (tmp_path / "other.json").write_bytes(stored.read_bytes())
    with pytest.raises(IncidentError, match=re.escape(said)):
        recordings_of(load_incident(path), [tmp_path / name for name in given])


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    path, *_ = write_in(tmp_path)
    with pytest.raises(RecordingError, match="is no recording"):
        recordings_of(load_incident(path), [path])
