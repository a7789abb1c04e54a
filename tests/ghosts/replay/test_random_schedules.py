"""Schedules of devices and faults, drawn at random: `shipped` keeps its promises in all of them.

Always the same six are drawn here. `tests/slow` draws more, and searches for the smallest
schedule that makes a ghost.
"""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Final, TypeAlias

import pytest
from hypothesis import given, settings
from promises import names_of, promises_broken
from schedules import DRAWN, SCHEDULES, lasting

import ghosts.config
from ghosts.backends import Backend
from ghosts.clients import PUBLISHED, BackendError, Batch, PusherClients
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.scenario import Scenario, load_scenario, parse_scenario
from ghosts.records.scenario_toml import as_toml
from ghosts.replay.run import replay
from ghosts.variants import SHIPPED, VARIANTS, registry
from ghosts.variants import pusher_lifecycles as lifecycles

Flaw: TypeAlias = Callable[[pytest.MonkeyPatch], None]
SMALLEST: Final = load_scenario("smallest_ghost")


@settings(DRAWN, max_examples=6)
@given(SCHEDULES)
def test_the_version_to_ship_keeps_its_promises_whatever_is_drawn(scenario: Scenario) -> None:
    broken = promises_broken(scenario, "shipped")
    assert not broken, "\n".join([*broken, "", as_toml(scenario)])


@pytest.mark.parametrize(
    "fault", ["storage_500", "storage_flaps", "answer_lost", "device_vanishes", "thread_blocks"]
)
def test_the_version_to_ship_keeps_its_promises_under_faults_of_the_catalogue(fault: str) -> None:
    """Those that have broken one; the matrix counts what each of the others leaves behind."""
    assert promises_broken(lasting(load_scenario(fault)), "shipped") == []


def test_the_smallest_ghost_is_one_device_and_one_fault() -> None:
    assert SMALLEST.device_count == 1
    assert len(SMALLEST.faults) == 1
    last = replay(SMALLEST, "gather_all", measure_memory=False).last
    assert (last.gauge, last.tcp, last.ghosts) == (1, 0, 1)


def test_the_smallest_ghost_is_lost_audio_under_the_published_fix_and_nothing_under_ours() -> None:
    assert names_of(promises_broken(SMALLEST, "gather_all")) == {
        "no ghosts",
        "the gauge is right",
        "a session ends soon",
        "all audio is sent",
        "no upload worker is blocked",
    }
    assert names_of(promises_broken(SMALLEST, "supervised")) == {
        "no audio is lost",
        "no upload worker is blocked",
    }
    assert promises_broken(SMALLEST, "shipped") == []


def forgets_the_ids_of_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    real, attempts = PusherClients.upload, count()

    async def upload(clients: PusherClients, batch: Batch) -> None:
        await real(clients, replace(batch, delivery_id=f"{batch.delivery_id}-{next(attempts)}"))

    monkeypatch.setattr(PusherClients, "upload", upload)


def gives_up_what_storage_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    real = PusherClients.upload

    async def upload(clients: PusherClients, batch: Batch) -> None:
        with suppress(BackendError):
            await real(clients, batch)

    monkeypatch.setattr(PusherClients, "upload", upload)


def tries_again_in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ghosts.config, "DELIVERY_BACKOFF", (3600.0,))


def has_no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    flawed = SHIPPED.with_clients(PUBLISHED)
    monkeypatch.setattr(registry, "VARIANTS", {**VARIANTS, SHIPPED.name: flawed})


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
        (has_no_deadlines, SMALLEST, {"all audio is sent", "no upload worker is blocked"}),
        (bears_with_the_silent, "device_silent", {"a session ends soon"}),
        (drains_for_an_hour, REQUESTS_HANG, {"a session ends soon"}),
    ],
)
def test_a_version_to_ship_with_a_flaw_breaks_its_promise(
    flaw: Flaw, scenario: str | Scenario, promises: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flaw(monkeypatch)
    played = load_scenario(scenario) if isinstance(scenario, str) else scenario
    assert names_of(promises_broken(lasting(played), "shipped")) == promises


def test_a_schedule_that_breaks_a_promise_can_be_written_down_and_run_again() -> None:
    written = as_toml(SMALLEST)
    assert parse_scenario(tomllib.loads(written), "written") == SMALLEST
