"""How sessions of listen end: the incident shows under `gather_all`, and does not under the fix."""

import asyncio
import logging

import pytest
from bed import now, troubles
from both import (
    AN_HOUR,
    RATE,
    SECOND,
    WITHIN_GATHER,
    WITHIN_SHIPPED,
    WITHIN_SUPERVISED,
    Both,
    Device,
    forget_users,
    serve_both,
    tasks,
    within,
)
from prometheus_client import REGISTRY

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.listen.session import ListenSession
from ghosts.protocol import device_messages
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast

ACKNOWLEDGED_WITHIN = config.TRANSCRIPTS_POLL_INTERVAL + config.PRIVATE_CLOUD_POLL_INTERVAL
"""Seconds in which the pusher has confirmed what it has, and delivered it."""


def exits(reason: str) -> float:
    labels = {"label": "listen", "reason": reason}
    return REGISTRY.get_sample_value("async_supervisor_exit_total", labels) or 0.0


async def no_uid(both: Both) -> Device:
    return await both.open("uid=", sample_rate=RATE)


async def a_language_that_is_not_known(both: Both) -> Device:
    return await both.connect(language="tlh")


async def no_such_user(both: Both) -> Device:
    forget_users(both)
    return await both.connect()


async def no_word_from_the_users_service(both: Both) -> Device:
    await both.fail(Backend.USERS, FaultMode.STATUS_500)
    return await both.connect()


async def leaves_before_it_is_let_in(both: Both) -> Device:
    await both.fail(Backend.USERS, FaultMode.SLOW, seconds=5)
    device = await both.connect()
    await asyncio.sleep(1)
    await device.leave()
    return device


WAYS_OUT = {
    no_uid: (1008, "?: refused with 1008: uid is missing, or not one id"),
    a_language_that_is_not_known: (
        1008,
        "?: refused with 1008: language is none of de, en, es, fr, multi",
    ),
    no_such_user: (1008, "ada: refused with 1008: users: does not know ada"),
    no_word_from_the_users_service: (1011, "ada: refused with 1011: users: status 500"),
    leaves_before_it_is_let_in: (1000, "ada: left before the session began"),
}


@pytest.mark.parametrize("way_out", WAYS_OUT, ids=lambda way_out: way_out.__name__)
def test_each_early_way_out_leaks_the_gauge_by_one_under_gather_and_by_none_if_supervised(
    run, name, caplog, way_out
):
    caplog.set_level(logging.INFO, logger="ghosts.listen")
    code, line = WAYS_OUT[way_out]

    async def scenario():
        async with serve_both(name) as both:
            for number in range(1, 4):
                device = await way_out(both)
                await device.connection.wait_closed()
                assert device.close_code == code
                await asyncio.sleep(10)
                assert both.gauge == (number if name == "gather_all" else 0)
            assert (both.tcp(), both.pusher_gauge, tasks("listen"), tasks("listen", "?")) == (
                0,
                0,
                [],
                [],
            )
            assert len(both.bed.observer.listen_sessions.open) == 0

    run(scenario)
    lines = [one.getMessage() for one in caplog.records if one.name == "ghosts.listen"]
    assert [one for one in lines if one == line] == [line] * 3


def test_a_crash_before_a_session_is_let_in_leaks_the_gauge_under_gather_only(run, name):
    async def scenario():
        async with serve_both(name) as both:
            await both.fail(Backend.USERS, FaultMode.GARBAGE)
            device = await both.connect()
            await device.connection.wait_closed()
            assert device.close_code == 1011
            assert both.gauge == (name == "gather_all")
            assert (both.tcp(), tasks("listen")) == (0, [])

    run(scenario)


async def device_with_stuck_speech(both: Both) -> Device:
    """A device whose words are in a call to speech-to-text that will not be answered."""
    device = await both.connect()
    await device.play(5)
    await device.stay(1.5)
    await both.fail(Backend.SPEECH_TO_TEXT, FaultMode.NEVER_ANSWERS)
    await device.play(5)
    return device


def test_speech_that_is_never_answered_makes_a_ghost_of_both_services_under_gather(run):
    async def scenario():
        async with serve_both("gather_all") as both:
            device = await device_with_stuck_speech(both)
            await device.leave()
            await asyncio.sleep(AN_HOUR)
            assert (both.gauge, both.tcp()) == (1, 0)
            assert tasks("listen") == ["stream_transcript"]
            # To the pusher it is a living session: the link that the ghost holds answers pings.
            assert (both.pusher_gauge, both.pusher_tcp()) == (1, 1)
            assert len(tasks("ws")) == 5

    run(scenario)


def test_speech_that_is_never_answered_holds_nothing_up_beyond_the_bounds_of_the_fix(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await device_with_stuck_speech(both)
            await device.leave()
            await asyncio.sleep(1)
            assert (both.gauge, both.tcp(), both.pusher_tcp()) == (1, 0, 1)
            await asyncio.sleep((WITHIN_SHIPPED if fixed == "shipped" else WITHIN_SUPERVISED) - 1)
            assert WITHIN_SUPERVISED <= 45
            both.assert_at_rest()
            assert both.stored == 10 * SECOND
            assert both.lost("listen_audio_unheard_bytes") == 5 * SECOND

    run(scenario)


def test_speech_is_heard_after_all_if_it_is_answered_again_and_the_version_to_ship_kept_it(
    run, name
):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await device.play(5)
            await device.stay(1.5)
            await both.fail(Backend.SPEECH_TO_TEXT, FaultMode.STATUS_500)
            await device.play(5)
            await device.leave()
            await asyncio.sleep(10)
            await both.bed.recover(Backend.SPEECH_TO_TEXT)
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            kept = name == "shipped"
            heard = podcast.words_in(0, 10 if kept else 5)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == heard
            assert both.lost("listen_audio_unheard_bytes") == (0 if kept else 5 * SECOND)

    run(scenario)


def test_a_session_that_nothing_holds_up_ends_at_once_or_at_its_slowest_pollers_next_look(
    run, name
):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await device.play(65)
            await asyncio.sleep(0.5)
            await device.leave()
            left = now()
            if name == "gather_all":
                await asyncio.sleep(2 * config.USAGE_POLL_INTERVAL - left - 0.1)
                assert (both.gauge, both.tcp(), both.pusher_tcp()) == (1, 0, 1)
                assert tasks("listen") == ["record_usage"]
            await asyncio.sleep(0.2 if name != "shipped" else ACKNOWLEDGED_WITHIN)
            assert (both.gauge, both.pusher_tcp(), tasks("listen")) == (0, 0, [])
            await asyncio.sleep(config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            assert both.stored == 65 * SECOND
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 65)

    run(scenario)


def test_a_device_that_vanishes_is_seen_by_its_missing_pong_and_its_session_ends(run, name):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await device.play(5)
            device.connection.transport.pause_reading()
            await asyncio.sleep(
                config.WS_PING_INTERVAL + config.WS_PING_TIMEOUT + config.WS_CLOSE_TIMEOUT
            )
            assert both.tcp() == 0
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            assert both.stored == 5 * SECOND
            device.connection.transport.abort()
            await asyncio.sleep(0.1)

    run(scenario)


def test_a_silent_peer_is_held_for_ever_by_gather_once_its_heartbeat_is_gone_and_300_s_by_the_fix(
    run, name, monkeypatch
):
    async def ends_soon(_session: ListenSession) -> None:
        await asyncio.sleep(20)

    monkeypatch.setattr(ListenSession, "_ping", ends_soon)

    async def scenario():
        lifetime_done = exits("lifetime_done")
        async with serve_both(name) as both:
            device = await both.connect()
            await asyncio.sleep(19)
            assert both.gauge == 1
            if name == "gather_all":
                await asyncio.sleep(AN_HOUR)
                assert (both.gauge, both.tcp(), device.close_code) == (1, 1, None)
                return
            await asyncio.sleep(1.1)
            assert exits("lifetime_done") == lifetime_done + 1
            assert device.close_code == 1000
            both.assert_at_rest()

    run(scenario)


def test_a_loop_that_crashes_ends_the_session_and_is_counted_if_supervised(
    run, fixed, monkeypatch, caplog
):
    monkeypatch.setattr(device_messages, "PING", None)  # which is nothing that can be sent

    async def scenario():
        crashes = exits("crash")
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(9)
            assert both.gauge == 1
            await asyncio.sleep(1.1)
            assert device.close_code == 1000
            await asyncio.sleep(ACKNOWLEDGED_WITHIN)
            both.assert_at_rest()
            assert exits("crash") == crashes + 1
            assert both.stored == 9 * SECOND

    run(scenario)
    (crash,) = [record for record in caplog.records if record.exc_info]
    assert "listen:ada:heartbeat" in crash.getMessage()


def test_a_crash_leaves_orphans_and_a_gauge_too_low_under_gather_and_neither_if_supervised(
    run, name
):
    async def scenario():
        async with serve_both(name) as both:
            device = await device_with_stuck_speech(both)
            await both.fail(Backend.USAGE, FaultMode.GARBAGE)  # its client does not expect that
            await device.stay(config.USAGE_POLL_INTERVAL - now() + 0.1)
            await device.connection.wait_closed()
            await asyncio.sleep(AN_HOUR)
            assert (both.gauge, both.tcp()) == (0, 0)
            assert tasks("listen") == (["stream_transcript"] if name == "gather_all" else [])
            assert (both.pusher_gauge, both.pusher_tcp()) == (0, 0)

    run(scenario)


def test_the_end_of_a_finite_task_ends_nothing_and_its_crash_does(run, name, caplog):
    async def scenario():
        features = Features(speaker_identification=True)
        async with serve_both(name, features) as both:
            device = await both.connect("ada")
            await device.stay(50)
            assert (device.close_code, both.gauge, len(tasks("listen"))) == (None, 1, 9)

            await both.fail(Backend.PEOPLE, FaultMode.GARBAGE)
            other = await both.connect("grace")
            await other.connection.wait_closed()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            assert tasks("listen", "grace") == []
            await device.stay(1)
            assert (device.close_code, both.gauge) == (None, 1)

    run(scenario)


@pytest.mark.parametrize("cancels", [1, 3])
def test_a_handler_cancelled_from_outside_takes_the_gauge_down_whatever_it_waits_for(
    run, name, cancels
):
    async def scenario():
        async with serve_both(name) as both:
            device = await device_with_stuck_speech(both)
            await device.leave()
            await asyncio.sleep(10)
            for _ in range(cancels):
                both.bed.observer.listen_sessions.cancel_handlers()
                await asyncio.sleep(0)
            await asyncio.sleep(WITHIN_SUPERVISED)
            assert (both.gauge, both.tcp(), tasks("listen")) == (0, 0, [])
            await asyncio.sleep(config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()

    run(scenario)


def test_a_burst_of_disconnects_leaves_nothing_of_fifty_sessions(run, name, caplog):
    async def scenario():
        async with serve_both(name) as both:
            disconnects = exits("disconnect")
            devices = [await both.connect(f"device-{number}") for number in range(50)]
            await asyncio.gather(*(device.play(3) for device in devices))
            assert both.gauge == both.tcp() == both.pusher_gauge == both.pusher_tcp() == 50
            for device in devices:
                device.connection.transport.abort()
            await asyncio.sleep(within(name) + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            assert both.stored == 50 * 3 * SECOND
            if name != "gather_all":
                assert exits("disconnect") == disconnects + 50

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_pod_stops_within_its_bounds_with_ghosts_and_living_sessions(run, name):
    async def scenario():
        async with serve_both(name) as both:
            ghost = await device_with_stuck_speech(both)
            await ghost.leave()
            living = await both.connect("living")
            await asyncio.sleep(1)
            began = now()
            await both.listen.stop()
            assert now() - began <= config.CANCEL_ACK_TIMEOUT + config.WS_OPEN_TIMEOUT
            await living.connection.wait_closed()
            assert living.close_code == 1001
            assert (both.gauge, both.tcp()) == (0, 0)

    run(scenario)


def test_a_pod_that_is_told_to_stop_lets_its_sessions_finish_what_they_have(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(10)
            await both.listen.stop(grace=config.TERMINATION_GRACE)
            await device.connection.wait_closed()
            assert device.close_code == 1001
            await asyncio.sleep(ACKNOWLEDGED_WITHIN)
            both.assert_at_rest()
            received = both.listen.metrics.received_bytes
            assert both.stored == received >= 9 * SECOND
            heard = podcast.words_in(0, received // SECOND)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == heard

    run(scenario)
