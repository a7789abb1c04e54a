"""Scenario files: what is documented is what is allowed, and what is not allowed is named."""

import dataclasses
import re
import tomllib

import pytest

from ghosts.paths import DATA
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault
from ghosts.records.recording import Audio, Event, Recording, Sample, SessionAtEnd
from ghosts.records.scenario import Scenario, ScenarioError, load_scenario, parse_scenario
from ghosts.records.snapshot import Allocator, Snapshot, Trimmed

FOLDER = DATA / "scenarios"
DEVICES = {"name": "device", "count": 3}
FAULT = {"backend": "storage", "mode": "slow"}


def parse(**changes):
    table = {
        "name": "x",
        "summary": "Nothing",
        "seed": 1,
        "duration": 200,
        "devices": [DEVICES],
        **changes,
    }
    return parse_scenario({key: value for key, value in table.items() if value != ...}, "x.toml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_project_loads_by_name_and_by_path(path):
    assert load_scenario(path.stem) == load_scenario(path)


def test_the_documents_list_every_key_and_no_other():
    tables = _documented(FOLDER / "README.md")
    assert tables["The scenario"] == _fields(Scenario)
    assert tables["`[[devices]]`: devices that behave alike"] == _fields(DeviceGroup)
    assert tables["`[[faults]]`: a backend that fails for a while"] == _fields(Fault)

    tables = _documented(DATA / "recordings" / "README.md")
    assert tables["The recording"] == _fields(Recording)
    assert tables["`samples`"] == _fields(Sample)
    assert tables["`samples`: `allocator`"] == _fields(Allocator)
    assert tables["`samples`: `listen`"] == _fields(Snapshot)
    assert tables["`trimmed`"] == _fields(Trimmed)
    assert tables["`audio`"] == _fields(Audio)
    assert tables["`events`"] == _fields(Event)
    assert tables["`sessions`"] == _fields(SessionAtEnd)


def test_the_documented_example_is_a_scenario():
    (example,) = re.findall(r"```toml\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    scenario = parse_scenario({"name": "example", **tomllib.loads(example)}, "README")
    assert [group.name for group in scenario.devices] == ["calm", "rude"]


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"seed": ...}, "seed", "name, summary, seed, duration, devices"),
        ({"durration": 3}, "durration", "duration"),
        ({"duration": 0}, "duration", "greater than or equal to 1"),
        ({"duration": "long"}, "duration", "integer"),
        ({"sample_every": 201}, "sample_every", "at most 200"),
        ({"handlers_cancelled_at": [200]}, "handlers_cancelled_at", "before the end at 200"),
        ({"audio_webhook_seconds": 0}, "audio_webhook_seconds", "greater than 0"),
        ({"scale": 0.5}, "scale", "neither 1 nor 0.1"),
        ({"devices": 3}, "devices", "list of tables"),
        ({"devices": []}, "devices", "list of tables"),
        ({"devices": [{"name": "a"}]}, "devices.0.count", "missing"),
        ({"devices": [{**DEVICES, "count": 2001}]}, "devices.0.count", "2000"),
        ({"devices": [{**DEVICES, "name": "a:b"}]}, "devices.0.name", "A-Za-z0-9_-"),
        ({"devices": [{**DEVICES, "leave": "x"}]}, "devices.0.leave", "'reset', 'vanish'"),
        ({"devices": [{**DEVICES, "arrive": 5}]}, "devices.0.arrive", "[first, last]"),
        ({"devices": [{**DEVICES, "arrive": [5]}]}, "devices.0.arrive", "[first, last]"),
        ({"devices": [{**DEVICES, "stay": [5, 1]}]}, "devices.0.stay", "ends before it begins"),
        ({"devices": [{**DEVICES, "stay_mean": 0}]}, "devices.0.stay_mean", "greater than 0"),
        (
            {"devices": [{**DEVICES, "stay": [1, 5], "stay_mean": 3}]},
            "stay_mean",
            "instead of stay",
        ),
        ({"devices": [{**DEVICES, "evenly": 1}]}, "devices.0.evenly", "valid boolean"),
        ({"devices": [{**DEVICES, "transcript_every": 15}]}, "transcript_every", "multiple of 10"),
        (
            {"devices": [{**DEVICES, "stays": [1, 2]}]},
            "devices.0.stays",
            "unknown key; did you mean 'stay'",
        ),
        ({"devices": [{**DEVICES, "arrive": [0, 200]}]}, "devices.device.arrive", "200"),
        ({"devices": [DEVICES, DEVICES]}, "devices", "same name"),
        ({"faults": [3]}, "faults.0", "table"),
        ({"faults": [{"mode": "slow"}]}, "faults.0.backend", "backend, mode"),
        ({"faults": [{**FAULT, "backend": "x"}]}, "faults.0.backend", "'storage'"),
        ({"faults": [{**FAULT, "mode": "x"}]}, "faults.0.mode", "'never_answers'"),
        ({"faults": [{**FAULT, "start": "x"}]}, "faults.0.start", "'departure'"),
        ({"faults": [{**FAULT, "start": 200}]}, "faults.0.start", "before the end at 200"),
        ({"faults": [{**FAULT, "start": float("nan")}]}, "faults.0.start", "'departure'"),
        ({"faults": [{**FAULT, "end": float("inf")}]}, "faults.0.end", "finite"),
        ({"faults": [{**FAULT, "start": 9, "end": 9}]}, "faults.0.end", "not after start 9"),
        ({"faults": [{**FAULT, "seconds": 0}]}, "faults.0.seconds", "less than 0.1"),
        ({"faults": [{**FAULT, "share": 1.1}]}, "faults.0.share", "from 0 to 1"),
        ({"faults": [{**FAULT, "mode": "refuses", "share": 0.5}]}, "faults.0.share", "'refuses'"),
        ({"faults": [{**FAULT, "start": "10"}]}, "faults.0.start", "valid number"),
        ({"duration": "200"}, "duration", "valid integer"),
        ({"devices": [{**DEVICES, "count": True}]}, "devices.0.count", "valid integer"),
        ({"scale": True}, "scale", "valid number"),
        ({"faults": [{**FAULT, "until": 9}]}, "faults.0.until", "end, seconds"),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(changes, key, allowed):
    with pytest.raises(ScenarioError) as caught:
        parse(**changes)

    message = str(caught.value)
    assert message.startswith("x.toml: ")
    assert key in message
    assert allowed in message
    assert "\n" not in message


def test_a_file_that_is_not_toml_is_called_so(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match=r"bad\.toml: is no scenario: not TOML"):
        load_scenario(path)


def test_a_file_needs_no_toml_in_its_name_and_a_path_may_be_a_string(tmp_path):
    path = tmp_path / "mine"
    path.write_text((DATA / "scenarios" / "outage.toml").read_text())
    assert load_scenario(str(path)) == dataclasses.replace(load_scenario("outage"), name="mine")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine", "no scenario 'mine'; did you mean 'mine.toml'?"),
        ("sub/yours", "no scenario 'sub/yours'; did you mean 'sub/yours.toml'?"),
        ("sub/your", "no scenario 'sub/your'; did you mean 'yours.toml'?"),
        ("sub/production", "no scenario 'sub/production'; here: yours.toml"),
        ("nowhere/mine", "no scenario 'nowhere/mine'; here: none"),
        ("production.toml", "no scenario 'production.toml'; did you mean 'production'?"),
        ("mime.toml", "no scenario 'mime.toml'; did you mean 'mine.toml'?"),
        ("sub", "scenario 'sub': is a folder: give a file in TOML, or a name"),
        (".", "scenario '.': is a folder: give a file in TOML, or a name"),
    ],
)
def test_a_file_or_a_name_that_is_near_is_told(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for each in ("mine.toml", "sub/yours.toml"):
        (tmp_path / each).touch()
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name)
    assert str(caught.value) == said


def test_a_fault_mode_is_answered_with_the_nearest_one():
    fault = {"backend": "storage", "mode": "never_answer"}
    with pytest.raises(
        ScenarioError, match=r"faults\.0\.mode: .*; did you mean 'never_answers'\?$"
    ):
        parse(faults=[fault])


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        ScenarioError, match="healthy_twin, late_hang, orphans, outage, podcast, production"
    ):
        load_scenario("nothing")


def _documented(path):
    """The first column of each table, by heading."""
    sections = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        section.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
        for section in sections
    }


def _fields(owner):
    return [field.name for field in dataclasses.fields(owner)]
