"""Devices that do not read all they are sent: what the service notices of them, and when."""

from dataclasses import replace

import pytest

from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, load_scenario
from ghosts.replay.run import replay

READERS = replace(load_scenario("readers").fewer(3), duration=240)
"""One device of each kind."""
HIGH_WATER = 32 * 1024
"""Bytes in a write buffer above which `Connection.send` waits: the default of websockets."""


def recorded(scenario: Scenario, variant: str) -> Recording:
    return replay(scenario, variant, measure_memory=False)


def closed(recording: Recording) -> dict[str, float]:
    """When listen closed the session of each device."""
    return {who.removesuffix("-000"): t for who, t in recording.times("listening_closed").items()}


@pytest.fixture(scope="module", params=["gather_all", "shipped"])
def pinged(request: pytest.FixtureRequest) -> Recording:
    return recorded(READERS, request.param)


def test_a_stopped_reader_with_room_answers_pings_and_nothing_finds_it(pinged: Recording) -> None:
    assert {"roomy", "reading"}.isdisjoint(closed(pinged))
    last = pinged.last.of_devices
    assert (last.gauge, last.tcp, last.not_reading, last.write_buffer_bytes) == (2, 2, 1, 0)
    assert pinged.times("device_stopped_reading").keys() == {"roomy-000", "small-000"}


def test_one_without_room_fills_the_write_buffer_until_a_ping_is_not_answered(
    pinged: Recording,
) -> None:
    stopped = pinged.times("device_stopped_reading")["small-000"]
    assert stopped + 40 <= closed(pinged)["small"] <= stopped + 90
    filled = [one.of_devices.write_buffer_bytes for one in pinged.samples if one.t > stopped]
    assert max(filled) > 1000
    assert filled[-1] == 0
    assert "small-000" in pinged.times("device_cut_off")


def test_a_slow_reader_is_cut_off_when_a_ping_takes_too_long(pinged: Recording) -> None:
    assert 40 <= closed(pinged)["slow"] <= 120


def test_one_that_keeps_up_is_not() -> None:
    quick = replace(READERS.devices[2], read_rate=2_000)
    recording = recorded(replace(READERS, devices=(quick,)), "gather_all")
    assert closed(recording) == {}
    assert recording.last.of_devices.write_buffer_bytes == 0


def test_one_that_only_listens_is_inactive_for_listen(pinged: Recording) -> None:
    arrived = pinged.times("device_arrived")["listening-000"]
    assert pinged.times("device_cut_off")["listening-000"] - arrived == pytest.approx(100, abs=10)


@pytest.mark.parametrize(("variant", "ends"), [("gather_all", None), ("supervised", 300)])
def test_one_that_only_listens_ends_at_the_pusher_by_a_receive_timeout_alone(
    variant: str, ends: float | None
) -> None:
    silent = DeviceGroup(name="silent", count=1, sends=False)
    recording = recorded(
        Scenario(name="x", summary="x", seed=1, duration=400, devices=(silent,)), variant
    )
    assert recording.times("session_closed").get("silent-000") == ends
    assert recording.audio.received == 0


def test_without_pings_the_write_buffer_of_listen_grows_and_is_read_when_there_is_room() -> None:
    recording = recorded(replace(READERS, ping_interval="off", duration=420), "gather_all")
    buffers = [one.of_devices.write_buffer_bytes for one in recording.samples]
    assert {"roomy", "small", "slow", "reading"}.isdisjoint(closed(recording))
    assert max(buffers) > 20_000
    assert buffers[-1] < max(buffers)  # the slow one has read on
    assert recording.last.of_devices.not_reading == 2


def _stopped_and_vanished() -> Scenario:
    group = DeviceGroup(
        name="small",
        count=1,
        stop_reading_after=10,
        receive_buffer=1,
        stay=(210, 210),
        leave=Leave.VANISH,
    )
    return replace(
        READERS,
        devices=(group,),
        scale=1.0,
        duration=540,
        ping_interval="off",
    )


@pytest.mark.parametrize(("variant", "ends"), [("gather_all", None), ("shipped", 513)])
def test_a_full_write_buffer_stops_the_pings_of_listen_but_not_a_receive_timeout(
    variant: str, ends: float | None
) -> None:
    recording = recorded(_stopped_and_vanished(), variant)
    assert max(one.of_devices.write_buffer_bytes for one in recording.samples) > HIGH_WATER
    assert closed(recording).get("small") == ends
    assert recording.last.of_devices.half_open == (ends is None)


def test_a_slow_reader_closes_while_it_reads() -> None:
    slow = replace(READERS.devices[2], leave=Leave.CLOSE, stay=(30, 30))
    recording = recorded(replace(READERS, devices=(slow,), duration=60), "shipped")
    assert recording.times("device_left").keys() == {"slow-000"}
    assert "device_cut_off" not in {event.kind for event in recording.events}
    assert closed(recording)["slow"] == pytest.approx(34, abs=6)


@pytest.mark.parametrize("how", [Leave.CLOSE, Leave.RESET])
def test_one_that_leaves_is_gone_however_full_its_buffer_is(how: Leave) -> None:
    scenario = _stopped_and_vanished()
    leaving = replace(scenario.devices[0], leave=how)
    recording = recorded(replace(scenario, devices=(leaving,), duration=230), "shipped")
    assert closed(recording)["small"] == pytest.approx(210, abs=3)


def test_a_stopped_reader_of_the_pusher_does_not_read_its_answers() -> None:
    group = DeviceGroup(
        name="small",
        count=1,
        process_conversation_every=10,
        stop_reading_after=60,
        receive_buffer=256,
    )
    scenario = Scenario(
        name="x", summary="x", seed=1, duration=300, devices=(group,), ping_interval="off"
    )
    recording = recorded(scenario, "supervised")
    assert recording.last.not_reading == 1
    assert recording.last.write_buffer_bytes > 500
    assert recording.last.gauge == 1
