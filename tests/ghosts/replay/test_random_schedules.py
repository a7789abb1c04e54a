"""Schedules of devices and faults, drawn at random: what the version to ship promises holds in all.

The same promises find the incident in `gather_all`, and hypothesis makes of it what a person
understands at a look.
"""

import tomllib
from dataclasses import replace
from itertools import count
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from promises import promises_broken
from schedules import DURATION, SCHEDULES

from ghosts.pusher.spool import Delivery, Key, Spool
from ghosts.replay import Scenario, load_scenario, replay
from ghosts.replay.matrix import FAULTS
from ghosts.replay.scenario import parse_scenario
from ghosts.replay.scenario_toml import as_toml

SOAK: Final = settings.get_current_profile_name() == "soak"
DRAWN: Final = settings(
    max_examples=settings.default.max_examples if SOAK else 50,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),  # each run is a simulation of twenty minutes
)
SMALLEST: Final = load_scenario("smallest_ghost")


def without_words(scenario: Scenario) -> Scenario:
    return replace(scenario, name="", summary="")


def names(broken: list[str]) -> set[str]:
    return {line.partition(":")[0] for line in broken}


@DRAWN
@given(SCHEDULES)
def test_the_version_to_ship_keeps_its_promises_whatever_is_drawn(scenario: Scenario) -> None:
    broken = promises_broken(scenario, "shipped")
    assert broken == [], as_toml(scenario)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_version_to_ship_keeps_its_promises_under_every_fault_of_the_catalogue(
    fault: str,
) -> None:
    # Some of them end a minute after the last fault: what is to be delivered then needs its time.
    assert promises_broken(replace(load_scenario(fault), duration=DURATION), "shipped") == []


def test_in_the_incident_a_ghost_is_found_and_shrunk_to_the_schedule_that_is_kept() -> None:
    found = find(
        SCHEDULES,
        lambda scenario: "no ghosts" in names(promises_broken(scenario, "gather_all")),
        settings=settings(DRAWN, max_examples=500, derandomize=True),
    )
    assert without_words(found) == without_words(SMALLEST)


def test_the_smallest_ghost_is_one_device_and_one_fault() -> None:
    assert SMALLEST.device_count == 1
    assert len(SMALLEST.faults) == 1
    last = replay(SMALLEST, "gather_all", measure_memory=False).last
    assert (last.gauge, last.tcp, last.ghosts) == (1, 0, 1)


def test_the_smallest_ghost_is_lost_audio_under_the_published_fix_and_nothing_under_ours() -> None:
    assert names(promises_broken(SMALLEST, "gather_all")) == {
        "no ghosts",
        "the gauge is right",
        "a session ends soon",
        "all audio is sent",
        "no upload worker is held",
    }
    assert names(promises_broken(SMALLEST, "supervised")) == {
        "no audio is lost",
        "no upload worker is held",
    }
    assert promises_broken(SMALLEST, "shipped") == []


def test_a_courier_that_forgets_what_it_called_a_delivery_is_found_out(monkeypatch) -> None:
    real, attempts = Spool.next_delivery, count()

    def forgetful(spool: Spool, key: Key, most_bytes: int) -> Delivery | None:
        delivery = real(spool, key, most_bytes)
        return delivery and replace(delivery, id=f"{delivery.id}-{next(attempts)}")

    monkeypatch.setattr(Spool, "next_delivery", forgetful)
    broken = promises_broken(load_scenario("answer_lost"), "shipped")
    assert names(broken) == {"audio is stored once and in order"}


def test_a_schedule_that_breaks_a_promise_can_be_written_down_and_run_again() -> None:
    written = as_toml(SMALLEST)
    assert parse_scenario(tomllib.loads(written), "written") == SMALLEST
