"""Devices that vanish: what finds them, and what a recording says of those that nothing finds."""

from dataclasses import replace

import pytest

from ghosts.paths import DATA
from ghosts.plots import gauge_against_tcp
from ghosts.plots.style import HALF_OPEN
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, Through, load_scenario
from ghosts.replay.run import replay

HOUR = load_scenario("half_open").fewer(6)
"""Two devices that vanish, one that closes, one that stays."""
SHORT = replace(
    HOUR,
    duration=420,
    sample_every=15,
    devices=tuple(
        replace(group, arrive=(0, 9), stay=group.stay and (30, 60)) for group in HOUR.devices
    ),
)


def recorded(scenario: Scenario, variant: str) -> Recording:
    return replay(scenario, variant, measure_memory=False).without_memory()


def seconds_until_found(recording: Recording) -> list[float]:
    """Seconds from when each device vanished until its TCP connection was gone."""
    gone = recording.times("session_disconnected")
    return [
        gone[event.who] - event.t
        for event in recording.events
        if event.kind == "device_left" and event.detail == "vanish" and event.who in gone
    ]


def test_without_pings_they_stay_for_the_whole_hour_and_only_half_open_counts_them() -> None:
    recording = recorded(HOUR, "gather_all")
    last = recording.last
    assert seconds_until_found(recording) == []
    assert (last.gauge, last.tcp, last.ghosts, last.half_open) == (3, 3, 0, 2)
    assert {one.half_open for one in recording.samples if one.t > 600 + 900} == {2}


@pytest.mark.parametrize("variant", ["supervised", "shipped"])
def test_without_pings_a_receive_timeout_finds_them(variant: str) -> None:
    recording = recorded(SHORT, variant)
    found = seconds_until_found(recording)
    assert len(found) == 2
    assert all(300 <= seconds <= 300 + 3 + 5 for seconds in found)
    assert max(one.half_open for one in recording.samples) == 2
    assert (recording.last.gauge, recording.last.half_open) == (1, 0)


@pytest.mark.parametrize(("interval", "timeout"), [(20.0, 20.0), (5.0, 10.0), (60.0, 20.0)])
def test_pings_find_them_within_interval_and_timeout(interval: float, timeout: float) -> None:
    pinged = replace(SHORT, ping_interval=interval, ping_timeout=timeout)
    recording = recorded(pinged, "gather_all")
    found = seconds_until_found(recording)
    # And the 3 s of the closing handshake; connections are checked every 5 s.
    assert len(found) == 2
    assert all(timeout <= seconds <= interval + timeout + 3 + 5 for seconds in found)
    assert (recording.last.gauge, recording.last.half_open) == (1, 0)


def test_pings_that_need_no_answer_find_nobody() -> None:
    recording = recorded(replace(SHORT, ping_timeout="off", ping_interval=20.0), "gather_all")
    assert recording.last.half_open == 2


def test_through_listen_it_is_listen_whose_connections_are_half_open() -> None:
    through = replace(SHORT, through=Through.LISTEN, duration=240)
    recording = recorded(through, "gather_all")
    assert max(one.listen.half_open for one in recording.samples if one.listen) == 2
    assert max(one.half_open for one in recording.samples) == 0
    assert recording.last.of_devices.half_open == 0  # its own limit of 90 s finds them


def test_a_recording_made_before_they_were_counted_loads_and_has_none() -> None:
    stored = Recording.load(DATA / "recordings" / "outage_gather_all.json")
    assert {one.half_open for one in stored.samples} == {0}
    assert stored.scenario == load_scenario("outage")


def test_the_picture_has_an_area_of_them_below_tcp() -> None:
    stored = Recording.load(DATA / "recordings" / "outage_gather_all.json")
    (without,) = gauge_against_tcp(stored).axes
    half_open = replace(stored, samples=tuple(replace(one, half_open=2) for one in stored.samples))
    (ax,) = gauge_against_tcp(half_open).axes
    assert "2 half-open" in ax.get_title(loc="left")
    assert "half-open" not in without.get_title(loc="left")
    (area,) = (each for each in ax.collections if each.get_hatch() == HALF_OPEN.hatch)
    assert HALF_OPEN.hatch not in {each.get_hatch() for each in without.collections}
    corners = {(float(x), float(y)) for x, y in area.get_paths()[0].vertices}
    for sample in stored.samples:
        assert {(sample.t, sample.tcp), (sample.t, sample.tcp - 2)} <= corners
