"""What the player draws is what the recording says, sample for sample and session for session."""

import json
from dataclasses import replace

import pytest

from ghosts.paths import DATA
from ghosts.player.data import Run, player_data, runs_of
from ghosts.plots import lanes, lanes_of
from ghosts.records.recording import Recording
from ghosts.records.scenario import TENTH

RECORDINGS = (
    "production_full_gather_all",
    "production_full_supervised",
    "production_full_shipped",
    "outage_gather_all",
)
every_recording = pytest.mark.parametrize("name", RECORDINGS)


def load(name):
    return Recording.load(DATA / "recordings" / f"{name}.json")


def drawn(recording, **parameters):
    """Return the data of one recording, as the page reads them from JSON."""
    data = json.loads(json.dumps(player_data([Run("it", recording, **parameters)])))
    return data["runs"][0]


@every_recording
def test_every_sample_is_there_and_has_the_counts_of_the_recording(name):
    recording = load(name)
    samples = drawn(recording)["samples"]
    assert samples.pop("t") == [sample.t for sample in recording.samples]
    assert set(samples) >= {"gauge", "tcp", "ghosts", "workers_blocked", "rss_bytes"}
    for count, values in samples.items():
        assert values == [getattr(sample, count) for sample in recording.samples], count


@every_recording
def test_the_bars_at_each_sample_are_its_ghosts_and_all_that_the_gauge_counts(name):
    recording = load(name)
    bars = drawn(recording)["lanes"]
    last = recording.last.t
    for sample in recording.samples:
        there = {
            state: sum(start <= sample.t < end or end == sample.t == last for _, start, end in each)
            for state, each in bars.items()
        }
        assert there["ghost"] == sample.ghosts
        assert sum(there.values()) == sample.gauge


@every_recording
def test_each_session_has_its_row_from_its_opening_to_its_end(name):
    recording = load(name)
    run = drawn(recording)
    sessions = lanes_of(recording)
    assert run["sessions"] == len(sessions)
    for row, lane in enumerate(sessions):
        spans = sorted(
            (start, end) for each in run["lanes"].values() for at, start, end in each if at == row
        )
        assert spans[0][0] == pytest.approx(lane.opened, abs=0.001)
        until = recording.last.t if lane.ended is None else lane.ended
        assert spans[-1][1] == pytest.approx(until, abs=0.001)
        assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


def test_all_workers_are_blocked_where_that_many_are():
    recording = load("production_full_gather_all")
    at = {workers: drawn(recording, workers=workers)["all_blocked_at"] for workers in (8, 16, 32)}
    for workers in (8, 16):
        first = next(each for each in recording.samples if each.workers_blocked >= workers)
        assert at[workers] == first.t
    assert at[32] is None


def test_an_outage_is_a_band_and_a_share_of_the_calls_is_none():
    (fault,) = drawn(load("outage_gather_all"))["faults"]
    assert fault == {"start": 600, "end": 2400, "name": "storage: never answers"}
    assert drawn(load("production_full_gather_all"))["faults"] == []


def test_colours_are_those_of_the_figures():
    recording = load("production_full_gather_all")
    looks = player_data([Run("it", recording)])["looks"]
    colours = {line.get_color() for ax in lanes(recording).axes for line in ax.lines}
    assert {looks[name]["color"] for name in ("gauge", "tcp", "blocked")} <= colours


def test_bytes_of_two_scales_are_not_drawn_on_one_axis():
    full = load("production_full_gather_all")
    tenth = replace(full, scenario=full.scenario.at_scale(TENTH), scale=TENTH)
    with pytest.raises(ValueError, match="different scales"):
        player_data(runs_of([full, tenth]))
