"""What a replay says that a connection costs agrees with what production was seen to hold."""

from dataclasses import replace

import pytest

from ghosts.capacity import MIB, CapacityError
from ghosts.capacity.fleet import Costs
from ghosts.evidence import fact
from ghosts.paths import DATA
from ghosts.replay import Recording


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording.load(DATA / "recordings" / "production_full_gather_all.json")


@pytest.fixture(params=["incident", "fixed"])
def costs(request: pytest.FixtureRequest) -> Costs:
    measured = request.getfixturevalue(request.param)
    assert isinstance(measured, Costs)
    return measured


def test_before_the_fix_each_departure_makes_a_ghost_and_after_it_none(
    incident: Costs, fixed: Costs
) -> None:
    assert (incident.ghosts_per_departure, fixed.ghosts_per_departure) == (1, 0)


def test_after_the_fix_a_departure_leaves_at_most_the_chunk_of_a_call_that_hangs(
    incident: Costs, fixed: Costs
) -> None:
    assert incident.left_behind == 0
    assert 0 < fixed.left_behind <= fixed.stuck_per_minute


def test_audio_that_is_not_taken_is_a_chunk_a_minute(costs: Costs) -> None:
    a_second = fact("sample_rate").value * fact("bytes_per_sample").value
    chunk = a_second * fact("chunk_duration").value / MIB
    minutes = fact("chunk_duration").value / 60
    assert costs.stuck_per_minute == pytest.approx(chunk / minutes, rel=0.01)


def test_a_healthy_pod_has_the_memory_of_the_others_on_record(costs: Costs) -> None:
    pod = costs.pod + fact("live_connections_per_pod").value * costs.healthy
    assert pod == pytest.approx(fact("other_pods_memory_mean").value, abs=3)


def test_a_ghost_whose_device_stayed_a_quarter_of_an_hour_has_the_memory_on_record(
    incident: Costs,
) -> None:
    ghost = incident.healthy + incident.stuck(16 * 60)
    assert ghost == pytest.approx(fact("memory_per_ghost").value, rel=0.05)


def test_a_queue_grows_by_the_minute_until_it_is_full(costs: Costs) -> None:
    assert costs.stuck(0) == 0
    assert costs.stuck(600) == pytest.approx(10 * costs.stuck_per_minute)
    full = costs.stuck(3600)
    assert full == costs.stuck(24 * 3600) == costs.stuck_most - costs.healthy
    chunks = fact("private_cloud_queue_limit").value
    assert chunks <= costs.stuck_most / costs.stuck_per_minute <= chunks + 2


def spoilt(recording: Recording, how: str) -> Recording:
    scenario = recording.scenario
    if how == "at a tenth":
        return replace(recording, scale=0.1)
    if how == "nobody leaves":
        return replace(
            recording, events=tuple(each for each in recording.events if each.kind != "device_left")
        )
    return replace(recording, scenario=replace(scenario, faults=()))


@pytest.mark.parametrize("how", ["at a tenth", "nobody leaves", "nothing breaks"])
def test_a_replay_that_cannot_say_it_is_refused_by_its_scenario(
    recording: Recording, how: str
) -> None:
    with pytest.raises(CapacityError, match=r"^production: should be a full replay"):
        Costs.measured(spoilt(recording, how))
