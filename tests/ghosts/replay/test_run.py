"""What a scenario asks for is what is replayed, whoever comes and whatever the lifecycle does."""

import asyncio
import gc
import resource
import subprocess
import sys
from contextlib import suppress

import pytest

from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.variants import INCIDENT, Variant, VariantError

ONE = (DeviceGroup(name="one", count=1),)


def run(variant: str | Variant = "gather_all", **changes: object) -> Recording:
    table = {"name": "x", "summary": "x", "seed": 1, "duration": 60, "devices": ONE, **changes}
    scenario = Scenario(**table)  # type: ignore[arg-type]
    return replay(scenario, variant, measure_memory=False)


def test_all_devices_of_a_burst_are_let_in() -> None:
    burst = run(devices=(DeviceGroup(name="burst", count=300),))
    assert [event.kind for event in burst.events if event.kind == "device_refused"] == []
    assert (burst.last.gauge, burst.last.tcp) == (300, 300)


def test_the_last_sample_is_at_the_end_whatever_the_interval() -> None:
    assert [sample.t for sample in run(duration=100, sample_every=40).samples] == [
        40.5,
        80.5,
        100.5,
    ]
    assert [sample.t for sample in run(duration=80, sample_every=40).samples] == [40.5, 80.5]


def test_audio_on_its_way_is_never_counted_twice() -> None:
    slow = Fault(backend="storage", mode="slow", seconds=15.5)
    recording = run(duration=200, sample_every=1, faults=(slow,))
    assert {sample.lost_bytes for sample in recording.samples} == {0}
    assert recording.audio.stored > 0


def test_a_fault_of_departures_that_ends_before_a_departure_does_not_begin() -> None:
    fault = Fault(backend="storage", mode="never_answers", start="departure", end=20)
    recording = run(devices=(DeviceGroup(name="late", count=1, stay=(30, 30)),), faults=(fault,))
    assert {event.kind for event in recording.events}.isdisjoint({"fault_began", "fault_ended"})


async def _never_ends(session: PusherSession) -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10_000)


def test_a_lifecycle_that_swallows_cancellation_ends_with_the_replay_and_without_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(INCIDENT.with_lifecycle(_never_ends, name="never_ends")).variant == "never_ends"
    gc.collect()
    assert capsys.readouterr() == ("", "")


def test_garbage_is_collected_less_often_in_a_replay_and_as_before_after_it() -> None:
    before, meanwhile = gc.get_threshold(), []
    scenario = Scenario(name="x", summary="x", seed=1, duration=60, devices=ONE)
    replay(
        scenario,
        INCIDENT,
        measure_memory=False,
        on_progress=lambda _: meanwhile.append(gc.get_threshold()),
    )
    assert meanwhile[0][0] > before[0]
    assert gc.get_threshold() == before


def test_what_is_neither_a_variant_nor_the_name_of_one_is_refused() -> None:
    with pytest.raises(VariantError, match="a variant is a name or a Variant, not <function"):
        run(_never_ends)  # type: ignore[arg-type]
    with pytest.raises(VariantError, match="no variant 'nobody'; there are: gather_all, "):
        run("nobody")


_WITH_LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
from ghosts.replay import load_scenario, replay
print(replay(load_scenario("orphans").fewer(1), "supervised").samples[3].tcp)
"""


def _under_a_limit(hard: int) -> subprocess.CompletedProcess[str]:
    code = _WITH_LIMIT.format(hard=hard)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_low_limit_of_open_files_is_raised_where_the_system_allows_it() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ended = _under_a_limit(hard)
    assert (ended.stdout, ended.stderr) == ("20\n", "")


def test_too_few_open_files_are_said_before_it_starts() -> None:
    ended = _under_a_limit(300)
    assert "20 devices need 552 open files, and the system allows 300" in ended.stderr
