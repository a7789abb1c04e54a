"""Schedules of devices and faults, drawn at random: what the version to ship promises holds in all.

The same promises find the incident in `gather_all`, and hypothesis makes of it what a person
understands at a look.
"""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from random import Random
from typing import Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from promises import promises_broken
from schedules import DURATION, SCHEDULES

import ghosts.settings
from ghosts.backends import (
    PUBLISHED,
    SHIPPED,
    Backend,
    BackendError,
    Batch,
    Clients,
    Fault,
    FaultMode,
)
from ghosts.pusher import lifecycles
from ghosts.pusher.spool import Delivery, Key, Spool
from ghosts.records.scenario import parse_scenario
from ghosts.records.scenario_toml import as_toml
from ghosts.replay import Scenario, load_scenario, replay
from ghosts.replay.matrix import FAULTS

Flaw: TypeAlias = Callable[[pytest.MonkeyPatch], None]
SOAK: Final = settings.get_current_profile_name() == "soak"
DRAWN: Final = settings(
    max_examples=settings.default.max_examples if SOAK else 50,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),  # each run is a simulation of twenty minutes
)
SEARCH: Final = settings(DRAWN, max_examples=500)
SMALLEST: Final = load_scenario("smallest_ghost")


def without_words(scenario: Scenario) -> Scenario:
    return replace(scenario, name="", summary="")


def names(broken: list[str]) -> set[str]:
    return {line.partition(":")[0] for line in broken}


@DRAWN
@given(SCHEDULES)
def test_the_version_to_ship_keeps_its_promises_whatever_is_drawn(scenario: Scenario) -> None:
    broken = promises_broken(scenario, "shipped")
    assert not broken, "\n".join([*broken, "", as_toml(scenario)])


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
        settings=SEARCH,
        random=Random(0),
    )
    assert without_words(found) == without_words(SMALLEST)


def test_under_the_published_fix_a_schedule_that_loses_audio_is_found() -> None:
    assert find(
        SCHEDULES,
        lambda scenario: "no audio is lost" in names(promises_broken(scenario, "supervised")),
        settings=settings(SEARCH, phases=[Phase.generate]),
        random=Random(0),
    )


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


def forgets_the_ids_of_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    real, attempts = Spool.next_delivery, count()

    def next_delivery(spool: Spool, key: Key, most_bytes: int) -> Delivery | None:
        delivery = real(spool, key, most_bytes)
        return delivery and replace(delivery, id=f"{delivery.id}-{next(attempts)}")

    monkeypatch.setattr(Spool, "next_delivery", next_delivery)


def gives_up_what_storage_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Clients.upload

    async def upload(clients: Clients, batch: Batch) -> None:
        with suppress(BackendError):
            await real(clients, batch)

    monkeypatch.setattr(Clients, "upload", upload)


def tries_again_in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ghosts.settings, "DELIVERY_BACKOFF", (3600.0,))


def has_no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    without = replace(PUBLISHED, spool_bytes=SHIPPED.spool_bytes)
    monkeypatch.setattr(lifecycles, "SHIPPED", without)


def bears_with_the_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycles, "WS_RECEIVE_TIMEOUT", None)


def drains_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycles, "BG_DRAIN_TIMEOUT", 3600.0)


REQUESTS_HANG: Final = replace(
    load_scenario("finite_task_ends"),
    faults=(Fault(backend=Backend.CONVERSATIONS, mode=FaultMode.NEVER_ANSWERS, end=600),),
)


@pytest.mark.parametrize(
    ("flaw", "scenario", "promises"),
    [
        (forgets_the_ids_of_deliveries, "answer_lost", {"audio is stored once and in order"}),
        (gives_up_what_storage_refuses, "storage_500", {"no audio is lost"}),
        (tries_again_in_an_hour, "storage_500", {"all audio is sent"}),
        (has_no_deadlines, SMALLEST, {"all audio is sent", "no upload worker is held"}),
        (bears_with_the_silent, "device_silent", {"a session ends soon"}),
        (drains_for_an_hour, REQUESTS_HANG, {"a session ends soon"}),
    ],
)
def test_a_version_to_ship_with_a_flaw_breaks_its_promise(
    flaw: Flaw, scenario: str | Scenario, promises: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flaw(monkeypatch)
    played = load_scenario(scenario) if isinstance(scenario, str) else scenario
    assert names(promises_broken(replace(played, duration=DURATION), "shipped")) == promises


def test_a_schedule_that_breaks_a_promise_can_be_written_down_and_run_again() -> None:
    written = as_toml(SMALLEST)
    assert parse_scenario(tomllib.loads(written), "written") == SMALLEST
