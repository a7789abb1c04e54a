"""What would have been lost, or tried for ever, between two services that are both well meant."""

import asyncio
import json
import math
from dataclasses import replace

import pytest
from bed import now
from both import SECOND, serve_both

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.listen.link.backoff import LinkState
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay
from ghosts.simulation import podcast

UNREADABLE = [
    [{"id": "segment", "confidence": math.nan}],
    [{"id": "segment", "text": "x" * (config.MAX_FRAME_BYTES + 1)}],
    [{"id": "segment", "words": json.loads("[" * 40 + "]" * 40)}],
]


@pytest.mark.parametrize("segments", UNREADABLE, ids=["not a number", "too long", "too deep"])
def test_segments_that_the_pusher_would_refuse_are_counted_and_hold_nothing_up(run, segments):
    async def scenario():
        async with serve_both("shipped") as both:
            device = await both.connect()
            await device.play(5)
            session = both.session()
            session.outbound.add_segments(session.conversations.id, segments)
            await device.play(5)
            await device.stay(2)
            assert both.lost("listen_segments_lost", reason="unreadable") == 1
            assert (session.outbound.held_bytes, session.outbound.held_segments) == (0, 0)
            assert len(both.bed.observer.sessions.open) == 1
            kinds = {event.kind for event in both.bed.observer.events}
            assert "session_opened" in kinds
            assert "session_closed" not in kinds

    run(scenario)


def test_a_pusher_that_takes_connections_only_to_close_them_is_tried_more_and_more_rarely(run):
    async def scenario():
        async with serve_both("shipped") as both:
            device = await both.connect()
            await device.stay(1)
            await both.fail(Backend.USERS, FaultMode.STATUS_500)
            both.break_links()
            tries: list[float] = []
            handle = both.bed.pusher.handle

            async def counted(connection):
                tries.append(now())
                await handle(connection)

            both.bed.pusher.handle = counted
            await device.stay(300)
            assert config.RECONNECT_TRIES < len(tries) < 15
            assert both.session().link.state is LinkState.DEGRADED
            await both.bed.recover(Backend.USERS)
            await device.stay(config.DEGRADED_PAUSE)
            assert both.session().link.state is LinkState.CONNECTED

    run(scenario)


def test_a_webhook_that_is_down_for_half_a_minute_has_every_word_if_shipped_and_fewer_as_published(
    run, name
):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.STATUS_500)
            await device.play(30)
            await both.bed.recover(Backend.TRANSCRIPT_WEBHOOK)
            await device.play(30)
            await device.stay(60)
            words = both.words_at(Backend.TRANSCRIPT_WEBHOOK)
            assert (words == podcast.words_in(0, 60)) == (name == "shipped")

    run(scenario)


def test_speech_that_overflows_while_it_is_being_heard_loses_what_has_waited_and_is_not_in_hand(
    run, monkeypatch
):
    monkeypatch.setattr(config, "AUDIO_BUFFER_MAX", 20 * SECOND)
    heard: list[bytes] = []

    async def scenario():
        async with serve_both("shipped") as both:
            device = await both.connect()
            await device.stay(1)
            speech, hear = both.session().speech, both.session()._clients.hear

            async def slow(uid, audio):
                await asyncio.sleep(5)
                heard.append(audio)
                return await hear(uid, audio)

            monkeypatch.setattr(both.session()._clients, "hear", slow)
            pieces = [bytes([number]) * SECOND for number in range(1, 31)]
            for piece in pieces[:20]:
                speech.add(piece)
            await asyncio.sleep(2)
            for piece in pieces[20:]:
                speech.add(piece)
            await asyncio.sleep(30)
            whole = b"".join(heard)
            assert whole == b"".join(pieces[:20])[: len(whole)] + whole[20 * SECOND :]
            assert len(whole) + both.lost("listen_audio_unheard_bytes") == 30 * SECOND

    run(scenario)


def test_two_sessions_of_one_user_have_conversations_of_their_own_and_leave_each_others_alone(run):
    async def scenario():
        async with serve_both("shipped") as both:
            first, second = await both.connect(), await both.connect()
            await asyncio.sleep(1)
            ids = {one.conversations.id for one in both.bed.observer.listen_sessions.open.values()}
            assert len(ids) == 2
            await asyncio.gather(first.play(5), second.play(5))
            await asyncio.gather(first.stay(20), second.stay(20))
            assert both.processed() == []  # what is going on is nobody's to take up
            await first.leave()
            await second.leave()
            await asyncio.sleep(5)
            await both.connect()
            await asyncio.sleep(20)
            assert set(both.processed()) == ids

    run(scenario)


def test_many_apps_that_trickle_hold_speech_up_for_no_more_than_their_deadline(run):
    async def scenario():
        features = Features(apps=tuple(f"app-{number}" for number in range(40)))
        async with serve_both("shipped", features) as both:
            await both.fail(Backend.APPS, FaultMode.TRICKLES)
            device = await both.connect()
            await device.play(40)
            await device.leave()
            await asyncio.sleep(config.LISTEN_DRAIN_TIMEOUT)
            assert both.lost("listen_audio_unheard_bytes") == 0
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 40)
            both.assert_at_rest()

    run(scenario)


def test_what_a_stopped_pod_leaves_in_its_spool_is_delivered_by_the_next_that_has_its_disk():
    deploy = replace(
        load_scenario("pusher_restarts"),
        faults=(
            Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS, start=100.0, end=330.0),
        ),
    )
    recording = replay(deploy, "shipped", measure_memory=False)
    assert recording.audio.lost == 0
    connected = 2 * 60 * deploy.sample_rate * 2  # a minute each may wait for more
    assert recording.audio.queued <= connected


def test_a_device_that_leaves_as_its_pod_of_the_pusher_does_loses_nothing_to_a_slow_webhook():
    trickle = Fault(backend=Backend.TRANSCRIPT_WEBHOOK, mode=FaultMode.TRICKLES, start=100.0)
    leaving = DeviceGroup(name="leaving", count=4, stay=(151, 151))
    deploy = replace(load_scenario("pusher_restarts"), devices=(leaving,), faults=(trickle,))
    recording = replay(deploy, "shipped", measure_memory=False)
    assert recording.audio.lost == 0
    assert recording.audio.stored == recording.audio.received
