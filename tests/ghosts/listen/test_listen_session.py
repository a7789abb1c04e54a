"""One session of listen: its tasks, what its device is told, and what becomes of what it says."""

import asyncio
import logging
from itertools import product

import pytest
from bed import troubles
from both import (
    NAMES,
    RATE,
    SECOND,
    WITHIN_GATHER,
    serve_both,
    tasks,
    within,
)
from prometheus_client import REGISTRY

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast

OF_A_LIFETIME = [
    "audio_bytes_consume",
    "heartbeat",
    "lifecycle_manager",
    "pusher_heartbeat",
    "pusher_receive",
    "receive",
    "record_usage",
    "stream_transcript",
    "transcript_consume",
]
FINITE = ["pending_conversations", "speaker_identification"]
KNOWS_VOICES = Features(speaker_identification=True)
LOOKS = config.CONVERSATION_POLL_INTERVAL + config.PUSHER_RECEIVE_POLL_INTERVAL
"""Seconds until it is seen that a conversation is over, and then that it is to be asked for."""


def gathers(label: str) -> float:
    name = "async_gather_duration_seconds_count"
    return REGISTRY.get_sample_value(name, {"label": label}) or 0.0


def test_a_session_is_eleven_tasks_at_first_and_nine_once_the_finite_two_have_ended(run, name):
    async def scenario():
        async with serve_both(name, KNOWS_VOICES) as both:
            await both.fail(Backend.PEOPLE, FaultMode.SLOW, seconds=8)
            device = await both.connect()
            await device.stay(config.PENDING_CONVERSATIONS_AFTER - 0.1)
            assert tasks("listen") == sorted(OF_A_LIFETIME + FINITE)
            await device.stay(0.2)
            assert tasks("listen") == sorted([*OF_A_LIFETIME, "speaker_identification"])
            await device.stay(2)
            assert tasks("listen") == OF_A_LIFETIME
            assert both.gauge == both.tcp() == both.pusher_gauge == both.pusher_tcp() == 1
            await device.leave()
            await asyncio.sleep(within(name))
            assert (tasks("listen"), both.gauge, both.tcp()) == ([], 0, 0)

    run(scenario)


@pytest.mark.parametrize(
    ("features", "consumes_audio"),
    [
        (Features(private_cloud=False), False),
        (Features(private_cloud=False, audio_webhook_seconds=4.0), True),
    ],
    ids=["nobody wants audio", "a webhook wants audio"],
)
def test_audio_has_a_task_of_its_own_only_if_somebody_wants_it(
    run, fixed, features, consumes_audio
):
    async def scenario():
        async with serve_both(fixed, features) as both:
            device = await both.connect()
            await device.play(10)
            await device.stay(2)
            assert ("audio_bytes_consume" in tasks("listen")) is consumes_audio
            assert len(tasks("listen")) == 8 + consumes_audio
            assert both.listen.metrics.received_bytes == 10 * SECOND * consumes_audio
            assert len(both.received(Backend.AUDIO_WEBHOOK)) == 2 * consumes_audio

    run(scenario)


def test_a_device_is_told_how_far_its_session_has_come_in_the_published_order(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.fail(Backend.USERS, FaultMode.SLOW, seconds=1)
            await both.fail(Backend.SPEECH_TO_TEXT, FaultMode.SLOW, seconds=2)
            device = await both.connect()
            await asyncio.sleep(4)
            told = [event["status"] for event in device.events("service_status")]
            assert told == ["initiating", "processing", "stt_initiating", "ready"]
            assert device.times("service_status") == [0, 1, 1, 3]

    run(scenario)


def test_what_a_device_says_comes_back_as_segments_and_reaches_storage_and_webhook(run, name):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await device.play(30)
            await device.stay(2)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            assert device.words == podcast.words_in(0, 30)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 30)
            assert both.stored == both.listen.metrics.received_bytes == 30 * SECOND
            both.assert_at_rest()

    run(scenario)


def test_a_device_is_pinged_every_ten_seconds(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.stay(35)
            assert device.times("ping") == [10, 20, 30]

    run(scenario)


def test_ninety_seconds_without_a_message_close_with_1001_and_end_the_session(run, name):
    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await asyncio.sleep(config.CLIENT_INACTIVITY + config.CLIENT_PING - 0.1)
            assert (device.close_code, both.gauge) == (None, 1)
            await asyncio.sleep(0.2)
            assert device.close_code == 1001
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()

    run(scenario)


def test_a_text_message_is_activity_and_nothing_else(run, fixed, caplog):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            for text in ("here", "", "{", '{"type": "image_chunk"}', "\N{GHOST}") * 2:
                await device.connection.send(text)
                await asyncio.sleep(50)
            assert (device.close_code, both.gauge) == (None, 1)
            assert both.listen.metrics.received_bytes == 0

    run(scenario)
    assert troubles(caplog.records) == []


def test_usage_is_recorded_each_minute_and_the_rest_at_the_end(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.stay(150)
            usage = both.received(Backend.USAGE)
            assert [one.query["seconds"] for one in usage] == ["60", "60"]
            await device.leave()
            await asyncio.sleep(0.1)
            assert [one.query["seconds"] for one in usage] == ["60", "60", "30"]

    run(scenario)


def test_the_minute_in_which_a_device_left_is_on_its_account_as_a_whole_under_gather(run):
    async def scenario():
        async with serve_both("gather_all") as both:
            device = await both.connect()
            await device.stay(150)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER)
            usage = both.received(Backend.USAGE)
            assert [one.query["seconds"] for one in usage] == ["60", "60", "60"]

    run(scenario)


def test_usage_that_could_not_be_recorded_is_recorded_with_the_next(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.fail(Backend.USAGE, FaultMode.STATUS_500)
            device = await both.connect()
            await device.stay(100)
            await both.bed.recover(Backend.USAGE)
            await device.stay(21)
            assert [one.query["seconds"] for one in both.received(Backend.USAGE)] == ["120"]

    run(scenario)


def test_a_conversation_is_over_after_120_s_of_silence_is_processed_and_the_device_told(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(10)
            first = both.session().conversations.id
            await device.stay(config.CONVERSATION_SILENCE - 1)
            assert both.session().conversations.id == first
            assert both.listen.unprocessed.of("ada") == []  # of those that are over
            await device.stay(LOOKS + 1)
            assert both.processed() == [first]
            told = [one["conversation_id"] for one in device.events("conversation_processed")]
            assert told == [first]
            assert both.session().conversations.id != first
            assert both.listen.unprocessed.of("ada") == []
            await device.play(10)
            assert repr(both.listen.unprocessed) == "<Unprocessed 1 conversations>"

    run(scenario)


def test_audio_after_a_conversation_was_over_belongs_to_the_next_one(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(10)
            await device.stay(config.CONVERSATION_SILENCE + LOOKS)
            await device.play(20)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            stored = both.received(Backend.STORAGE)
            sizes = [(one.query["conversation_id"], one.bytes) for one in stored]
            first, second = dict.fromkeys(conversation for conversation, _ in sizes)
            assert sizes == [(first, 10 * SECOND), (second, 20 * SECOND)]

    run(scenario)


def test_a_conversation_that_nobody_speaks_in_is_not_processed(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            for _ in range(30):
                await device.connection.send(bytes(10 * SECOND))
                await asyncio.sleep(10)
            assert (both.processed(), both.listen.unprocessed.of("ada")) == ([], [])

    run(scenario)


def test_what_a_session_has_left_unprocessed_is_taken_up_by_the_next_after_seven_seconds(
    run, fixed
):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(10)
            left = both.session().conversations.id
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            assert (both.processed(), both.listen.unprocessed.of("ada")) == ([], [left])
            device = await both.connect()
            await asyncio.sleep(config.PENDING_CONVERSATIONS_AFTER - 0.1)
            assert both.processed() == []
            await asyncio.sleep(config.PUSHER_RECEIVE_POLL_INTERVAL + 0.2)
            assert both.processed() == [left]
            assert both.listen.unprocessed.of("ada") == []
            assert len(device.events("conversation_processed")) == 1

    run(scenario)


def test_another_users_conversations_are_not_taken_up(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            both.listen.unprocessed.add("grace", "hers")
            device = await both.connect("ada")
            await device.stay(20)
            assert both.processed() == []
            assert both.listen.unprocessed.of("grace") == ["hers"]

    run(scenario)


def test_an_error_in_the_answer_is_logged_and_the_next_session_tries_again(run, fixed, caplog):
    async def scenario():
        async with serve_both(fixed) as both:
            both.listen.unprocessed.add("ada", "c")
            await both.fail(Backend.CONVERSATIONS, FaultMode.STATUS_500)
            device = await both.connect()
            await device.stay(20)
            assert device.events("conversation_processed") == []
            assert both.listen.unprocessed.of("ada") == ["c"]
            await device.leave()
            await both.bed.recover(Backend.CONVERSATIONS)
            await (await both.connect()).stay(20)
            assert both.processed() == ["c"]

    run(scenario)
    assert any(line.startswith("ada: c not processed: ") for line in troubles(caplog.records))


def test_speakers_are_looked_up_when_a_conversation_is_over_and_at_the_end(run, fixed):
    async def scenario():
        rollovers, finals = gathers("listen_speaker_rollover"), gathers("listen_speaker_final")
        async with serve_both(fixed, KNOWS_VOICES) as both:
            device = await both.connect()
            await device.play(12)
            first = both.session().conversations.id
            await device.stay(config.CONVERSATION_SILENCE + LOOKS)
            assert gathers("listen_speaker_rollover") == rollovers + 1
            assert gathers("listen_speaker_final") == finals
            asked = [one.query["speaker"] for one in both.received(Backend.PEOPLE)]
            assert asked == ["user", *podcast.SPEAKERS]
            await device.stay(config.SPEAKER_SAMPLES_MIN_AGE + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            samples = both.received(Backend.SPEAKER_SAMPLES)
            assert [one.query["person_id"] for one in samples] == list(podcast.SPEAKERS)
            assert {one.query["conversation_id"] for one in samples} == {first}

            await device.play(1)  # that of one of the two
            await device.leave()
            await asyncio.sleep(2)
            assert gathers("listen_speaker_final") == finals + 1
            await asyncio.sleep(config.GHOST_AFTER + WITHIN_GATHER)
            assert len(samples) == 3
            both.assert_at_rest()

    run(scenario)


def test_a_stranger_is_not_sampled_and_who_could_not_be_looked_up_is_counted(run, fixed, caplog):
    def failures() -> float:
        labels = {"label": "listen_speaker_rollover"}
        return REGISTRY.get_sample_value("async_gather_failures_total", labels) or 0.0

    async def scenario():
        before = failures()
        async with serve_both(fixed, KNOWS_VOICES) as both:
            device = await both.connect()
            await device.play(12)
            await both.fail(Backend.PEOPLE, FaultMode.STATUS_500)
            await device.stay(config.CONVERSATION_SILENCE + LOOKS)
            assert failures() == before + len(podcast.SPEAKERS)
            await device.stay(config.SPEAKER_SAMPLES_MIN_AGE + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            assert both.received(Backend.SPEAKER_SAMPLES) == []
            assert len(both.processed()) == 1

    run(scenario)
    assert any("listen_speaker_rollover" in one.getMessage() for one in caplog.records)


BAD = {
    "half a sample": (bytes(SECOND + 1), 1007),
    "one byte": (b"\0", 1007),
    "a frame over the limit": (bytes(config.MAX_FRAME_BYTES + 2), 1009),
}


@pytest.mark.parametrize(
    ("name", "kind"), [*product(NAMES, ["half a sample"]), *product(["shipped"], [*BAD][1:])]
)
def test_audio_that_is_none_ends_the_session_and_loses_nothing_before_it(run, name, caplog, kind):
    """Every variant with one kind, and every kind with one variant: a lifecycle sees no kinds."""
    bad, code = BAD[kind]
    caplog.set_level(logging.INFO, logger="ghosts.listen")

    async def scenario():
        async with serve_both(name) as both:
            device = await both.connect()
            await device.play(5)
            await device.connection.send(bad)
            await device.connection.wait_closed()
            assert device.close_code == code
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            assert both.stored == both.listen.metrics.received_bytes == 5 * SECOND
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 5)

    run(scenario)
    lines = [one.getMessage() for one in caplog.records if one.name == "ghosts.listen"]
    assert [line for line in lines if line.startswith("ada: ") and str(code) in line]
    troubles(caplog.records)


@pytest.mark.parametrize("bytes_in_a_frame", [2, 320, config.MAX_FRAME_BYTES])
def test_audio_may_come_in_frames_of_any_size_that_are_whole_samples(run, fixed, bytes_in_a_frame):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            for _ in range(10):
                await device.connection.send(bytes(bytes_in_a_frame))
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            both.assert_at_rest()
            assert both.stored == 10 * bytes_in_a_frame

    run(scenario)


def test_the_rate_of_the_device_is_that_of_its_link(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect(sample_rate=2 * RATE)
            for second in range(10):
                await asyncio.sleep(1)
                await device.connection.send(podcast.part(second, 1, 2 * RATE))
            await device.stay(2)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            assert both.stored == 2 * 10 * SECOND
            assert device.words == podcast.words_in(0, 10)

    run(scenario)


def test_audio_that_comes_in_a_burst_is_stamped_as_if_each_frame_began_where_the_last_ended(run):
    """Else two deliveries of a minute would begin at the same moment, and be taken for one."""

    async def scenario():
        async with serve_both("shipped") as both:
            device = await both.connect()
            for _ in range(4):
                await device.connection.send(bytes(30 * SECOND))
            await device.leave()
            await asyncio.sleep(5)
            starts = [float(one.query["started_at"]) for one in both.received(Backend.STORAGE)]
            assert [round(start - starts[0], 3) for start in starts] == [0, 60]
            assert both.stored == 120 * SECOND

    run(scenario)
