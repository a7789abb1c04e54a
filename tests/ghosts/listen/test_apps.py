"""The fan-out to a user's apps, as published and as the fix has it."""

import asyncio

import pytest
from both import AN_HOUR, WITHIN_SUPERVISED, Both, serve_both, tasks
from prometheus_client import REGISTRY

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast

FIFTY = Features(apps=tuple(f"app-{number}" for number in range(50)))
SLOW = 2.5


def failures() -> float:
    labels = {"label": "listen_apps"}
    return REGISTRY.get_sample_value("async_gather_failures_total", labels) or 0.0


async def say_something(both: Both):
    """A device that has said one second of the podcast, of which the apps are being told."""
    device = await both.connect()
    await device.play(1)
    await device.stay(1)
    assert device.words == podcast.words_in(0, 1)
    return device


def test_fifty_apps_are_told_all_at_once_under_gather_and_eight_at_a_time_by_the_fix(run, name):
    async def scenario():
        async with serve_both(name, FIFTY) as both:
            await both.fail(Backend.APPS, FaultMode.SLOW, seconds=SLOW)
            device = await say_something(both)
            told = []
            await device.stay(SLOW / 2)
            for _ in range(8):
                told.append(len(both.received(Backend.APPS)))
                await device.stay(SLOW)
            at_once = config.APPS_AT_ONCE
            eights = [0, *range(at_once, 50, at_once), 50]
            assert told == ([0, 50, 50, 50, 50, 50, 50, 50] if name == "gather_all" else eights)
            apps = sorted(one.query["app"] for one in both.received(Backend.APPS))
            assert apps == sorted(FIFTY.apps)
            assert both.words_at(Backend.APPS) == 50 * podcast.words_in(0, 1)

    run(scenario)


def test_failures_of_apps_are_seen_by_nobody_under_gather_and_counted_and_logged_by_the_fix(
    run, name, caplog
):
    async def scenario():
        before = failures()
        async with serve_both(name, FIFTY) as both:
            await both.fail(Backend.APPS, FaultMode.STATUS_500)
            device = await say_something(both)
            await device.stay(2)
            assert device.close_code is None
            assert failures() == before + (0 if name == "gather_all" else 50)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 1)
            return list(caplog.records)

    records = run(scenario)
    lines = [one.getMessage() for one in records if "listen_apps" in one.getMessage()]
    if name == "gather_all":
        assert (lines, records) == ([], [])
    else:
        assert lines


def test_an_app_that_trickles_for_ever_makes_a_ghost_under_gather_and_none_by_the_fix(run, name):
    async def scenario():
        async with serve_both(name, Features(apps=("a", "b"))) as both:
            await both.fail(Backend.APPS, FaultMode.TRICKLES, seconds=10)
            device = await say_something(both)
            await device.leave()
            await asyncio.sleep(WITHIN_SUPERVISED if name != "gather_all" else AN_HOUR)
            if name == "gather_all":
                # 10 s between two bytes never reach the 15 s after which the client gives up.
                assert (both.gauge, both.tcp()) == (1, 0)
                assert (both.pusher_gauge, both.pusher_tcp()) == (1, 1)
                assert tasks("listen") == ["stream_transcript"]
            else:
                both.assert_at_rest()

    run(scenario)


@pytest.mark.parametrize("mode", [FaultMode.NEVER_ANSWERS, FaultMode.RESETS, FaultMode.GARBAGE])
def test_one_apps_fault_costs_neither_the_others_nor_the_session_anything(run, fixed, mode):
    async def scenario():
        async with serve_both(fixed, Features(apps=("a", "b"))) as both:
            await both.fail(Backend.APPS, mode)
            device = await say_something(both)
            await device.play(9)
            await both.bed.recover(Backend.APPS)
            await device.stay(config.WEBHOOK_DEADLINE + 2)
            told = both.words_at(Backend.APPS)
            await device.play(5)
            await device.stay(2)
            assert both.words_at(Backend.APPS) == told + 2 * podcast.words_in(10, 5)
            assert device.words == podcast.words_in(0, 15)
            assert (device.close_code, both.gauge) == (None, 1)

    run(scenario)
