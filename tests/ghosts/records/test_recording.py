"""A recording is the same after a round trip through JSON, and nothing else passes for one."""

import json
from pathlib import Path

import pytest

from ghosts.records.device_group import DeviceGroup
from ghosts.records.recording import FORMAT, Recording, RecordingError
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay


@pytest.fixture(scope="module")
def recording() -> Recording:
    scenario = Scenario(
        name="small",
        summary="Three devices come and one goes",
        seed=1,
        duration=120,
        devices=(
            DeviceGroup(name="staying", count=2),
            DeviceGroup(name="leaving", count=1, stay=(60, 60)),
        ),
    )
    return replay(scenario, "supervised")


def test_a_recording_survives_the_round_trip(recording: Recording, tmp_path: Path) -> None:
    recording.save(tmp_path / "recording.json")
    assert Recording.load(tmp_path / "recording.json") == recording


def test_the_path_may_be_a_string(recording: Recording, tmp_path: Path) -> None:
    recording.save(f"{tmp_path}/recording.json")
    assert Recording.load(f"{tmp_path}/recording.json") == recording


def test_the_file_names_what_readers_of_the_format_rely_on(
    recording: Recording, tmp_path: Path
) -> None:
    recording.save(tmp_path / "recording.json")
    stored = json.loads((tmp_path / "recording.json").read_text())
    assert {"format", "scenario", "variant", "scale", "samples", "audio", "events"} <= set(stored)
    assert {
        "t", "gauge", "tcp", "ghosts", "orphans", "tasks", "leaked_sessions",
        "retained_bytes", "rss_bytes", "allocator", "workers_blocked",
    } <= set(stored["samples"][0])  # fmt: skip
    assert set(stored["audio"]) == {"received", "stored", "lost", "queued"}
    assert stored["scale"] == 0.1
    assert stored["variant"] == "supervised"


@pytest.mark.parametrize("number", [FORMAT - 1, FORMAT + 1])
def test_a_recording_of_another_format_is_refused_by_its_number_before_its_keys(
    tmp_path: Path, number: int
) -> None:
    (tmp_path / "other.json").write_text(f'{{"format": {number}, "a_key_to_come": 0}}')
    with pytest.raises(
        RecordingError, match=rf"^other\.json: format: should be {FORMAT}; got {number}$"
    ):
        Recording.load(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"format": ...}, "format"),
        ({"scale": 1.0}, "scale"),
        ({"scale": 0}, "scale"),
        ({"variant": "a $\\frac$ b"}, "variant"),
        ({"audio": {"received": 10**400}}, "audio.received"),
    ],
)
def test_a_recording_that_was_tampered_with_is_refused_by_its_key(
    recording: Recording, tmp_path: Path, change: dict[str, object], key: str
) -> None:
    path = tmp_path / "recording.json"
    recording.save(path)
    table = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps({name: value for name, value in table.items() if value != ...}))
    with pytest.raises(RecordingError, match=rf"^recording\.json: {key}: "):
        Recording.load(path)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"t": float("nan")}, "t"),
        ({"gauge": 2**63}, "gauge"),
        ({"tracemalloc_bytes": 0}, "tracemalloc_bytes"),
        ({"allocator": {"in_use_bytes": 1}}, "allocator.held_bytes"),
    ],
)
def test_a_sample_that_was_tampered_with_is_refused_by_its_number_and_key(
    recording: Recording, tmp_path: Path, change: dict[str, object], key: str
) -> None:
    path = tmp_path / "recording.json"
    recording.save(path)
    table = json.loads(path.read_text())
    table["samples"][1].update(change)
    path.write_text(json.dumps(table))
    with pytest.raises(RecordingError, match=rf"^recording\.json: samples\.1\.{key}: "):
        Recording.load(path)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 3}', "not JSON"])
def test_what_is_not_a_recording_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(RecordingError, match=r"other\.json"):
        Recording.load(tmp_path / "other.json")
