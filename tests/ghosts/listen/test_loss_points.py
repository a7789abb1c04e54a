"""Where the published link loses something, and that the version to ship does not.

The points are those that the record finds in the code; each is shown in the forms that have it.
"""

import asyncio

import pytest
from both import AN_HOUR, SECOND, WITHIN_GATHER, Both, Device, serve_both

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.listen.link.backoff import LinkState
from ghosts.simulation import podcast

STORAGE = Backend.STORAGE
RECONNECTED = 2
"""Seconds in which a lost link is there again."""


PUBLISHED = "supervised"
"""One of the two variants whose link is as published: a link does not depend on the lifecycle."""


async def leave(device: Device) -> None:
    """Leave, and give everything that is on its way the time to arrive."""
    await device.leave()
    await asyncio.sleep(WITHIN_GATHER + config.SPEAKER_SAMPLES_POLL_INTERVAL + 1)


async def play_through_a_stalled_link(both: Both, seconds: int) -> Device:
    """The pusher reads nothing for that long, then the link breaks; the device plays on."""
    device = await both.connect()
    await device.play(20)
    await device.stay(1.5)
    both.stall_links()
    await device.play(seconds)
    await device.stay(0.5)
    both.break_links()
    await device.play(20)
    await device.stay(1.5)
    return device


def test_what_was_sent_into_a_dead_link_is_lost_as_published(run):
    async def scenario():
        async with serve_both(PUBLISHED) as both:
            device = await play_through_a_stalled_link(both, 5)
            heard = podcast.words_in(0, 45)
            assert device.words == heard
            await leave(device)
            missing = heard - both.words_at(Backend.TRANSCRIPT_WEBHOOK)
            assert podcast.words_in(20, 4) <= missing <= podcast.words_in(20, 7)
            # The audio after it is missing too, for another reason: see below.
            assert both.stored == 20 * SECOND
            both.assert_at_rest()

    run(scenario)


def test_what_was_sent_into_a_dead_link_is_sent_again_by_the_version_to_ship(run):
    async def scenario():
        async with serve_both("shipped") as both:
            device = await play_through_a_stalled_link(both, 5)
            await leave(device)
            assert device.words == podcast.words_in(0, 45)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 45)
            assert both.stored == both.listen.metrics.received_bytes == 45 * SECOND
            assert both.lost("listen_audio_lost_bytes", reason="session_ended") == 0
            both.assert_at_rest()

    run(scenario)


async def send_more_than_a_stalled_link_holds(both: Both) -> Device:
    """The pusher reads nothing, until listen waits in a send; then the link breaks."""
    device = await both.connect()
    await device.stay(1)
    both.stall_links()
    for _ in range(9):
        await device.connection.send(bytes(config.MAX_FRAME_BYTES))
        await device.stay(1)
    both.break_links()
    await device.stay(RECONNECTED)
    return device


@pytest.mark.slow
def test_audio_in_a_send_that_the_end_of_the_link_cuts_off_is_lost_and_counted_as_published(run):
    async def scenario():
        async with serve_both(PUBLISHED) as both:
            device = await send_more_than_a_stalled_link_holds(both)
            received = both.listen.metrics.received_bytes
            lost = both.lost("listen_audio_lost_bytes", reason="link_closed")
            assert received == 9 * config.MAX_FRAME_BYTES
            assert 0 < lost < received  # what was sent before is lost as well, and not counted
            await leave(device)
            assert both.stored == 0
            both.assert_at_rest()

    run(scenario)


@pytest.mark.slow
def test_audio_in_a_send_that_the_end_of_the_link_cuts_off_is_sent_again_by_the_version_to_ship(
    run,
):
    async def scenario():
        async with serve_both("shipped") as both:
            device = await send_more_than_a_stalled_link_holds(both)
            await leave(device)
            assert device.close_code == 1000
            assert both.stored == both.listen.metrics.received_bytes == 9 * 2**20
            both.assert_at_rest()

    run(scenario)


async def play_over_a_broken_link(both: Both) -> Device:
    device = await both.connect()
    await device.play(20)
    await device.stay(1.5)
    both.break_links()
    await device.stay(RECONNECTED)
    assert both.pusher_tcp() == 1
    await device.play(20)
    await device.stay(1.5)
    return device


def test_a_new_link_does_not_know_its_conversation_and_its_audio_is_dropped_as_published(run):
    async def scenario():
        async with serve_both(PUBLISHED) as both:
            device = await play_over_a_broken_link(both)
            dropped = both.bed.pusher.metrics.dropped_bytes
            assert dropped == {"no_conversation": 20 * SECOND}
            # It is told of the next one, when this one is over.
            await device.stay(config.CONVERSATION_SILENCE + config.CONVERSATION_POLL_INTERVAL)
            await device.play(10)
            await leave(device)
            assert both.stored == 30 * SECOND
            assert both.lost("listen_audio_lost_bytes", reason="link_closed") == 0
            both.assert_at_rest()

    run(scenario)


def test_a_new_link_is_told_of_its_conversation_by_the_version_to_ship(run):
    async def scenario():
        async with serve_both("shipped") as both:
            device = await play_over_a_broken_link(both)
            conversation = both.session().conversations.id
            await leave(device)
            assert both.bed.pusher.metrics.dropped_bytes == {}
            assert both.stored == 40 * SECOND
            conversations = {one.query["conversation_id"] for one in both.received(STORAGE)}
            assert conversations == {conversation}
            both.assert_at_rest()

    run(scenario)


async def meet_speakers_without_a_pusher(both: Both) -> Device:
    """Two people whom the user knows have spoken, and that is seen while the pusher is away."""
    device = await both.connect()
    await device.play(12)
    await device.stay(60)
    await both.bed.stop_pusher()
    await device.stay(config.CONVERSATION_SILENCE - 60 + config.CONVERSATION_POLL_INTERVAL)
    assert len(both.received(Backend.PEOPLE)) == 1 + len(podcast.SPEAKERS)
    await both.bed.start_pusher()
    await device.stay(config.DEGRADED_PAUSE + 1)
    assert both.session().link.state is LinkState.CONNECTED
    await device.stay(config.SPEAKER_SAMPLES_MIN_AGE + config.SPEAKER_SAMPLES_POLL_INTERVAL)
    return device


def test_a_speaker_sample_asked_for_while_the_pusher_is_away_is_dropped_as_published_and_else_kept(
    run, fixed
):
    async def scenario():
        async with serve_both(fixed, Features(speaker_identification=True)) as both:
            device = await meet_speakers_without_a_pusher(both)
            people = [one.query["person_id"] for one in both.received(Backend.SPEAKER_SAMPLES)]
            dropped = both.lost("listen_speaker_samples_lost")
            if fixed == "shipped":
                assert (people, dropped) == (list(podcast.SPEAKERS), 0)
            else:
                assert (people, dropped) == ([], len(podcast.SPEAKERS))
            assert len(both.processed()) == 1
            assert device.close_code is None

    run(scenario)


def test_an_outage_longer_than_the_buffer_loses_the_oldest_as_published_and_ends_our_session(
    run, fixed
):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.stay(1)
            await both.bed.stop_pusher()
            sent = 0
            while sent < 2 * config.AUDIO_BUFFER_MAX and device.close_code is None:
                await device.connection.send(bytes(2**19))
                sent += 2**19
                await asyncio.sleep(1)
            lost = both.lost("listen_audio_lost_bytes", reason="buffer_full")
            if fixed == "shipped":
                assert (device.close_code, lost) == (1013, 0)
                assert both.listen.metrics.received_bytes <= config.AUDIO_BUFFER_MAX
                await both.bed.start_pusher()
                await asyncio.sleep(WITHIN_GATHER)
                assert both.stored == both.listen.metrics.received_bytes > 0
            else:
                assert (device.close_code, both.gauge) == (None, 1)
                assert both.listen.metrics.received_bytes == 2 * config.AUDIO_BUFFER_MAX
                assert lost >= config.AUDIO_BUFFER_MAX
                assert both.session().outbound.held_bytes <= config.AUDIO_BUFFER_MAX

    run(scenario)


def test_a_transcript_is_kept_through_an_outage_by_every_form(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(10)
            await device.stay(1.5)
            await both.bed.stop_pusher()
            await device.play(60)
            await both.bed.start_pusher()
            await device.stay(config.DEGRADED_PAUSE + 2)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 70)

    run(scenario)


def test_an_outage_of_minutes_is_made_up_for_in_frames_that_the_pusher_takes(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.bed.stop_pusher()
            device = await both.connect()
            await device.play(180)  # three times what a frame may have
            await both.bed.start_pusher()
            await device.stay(config.DEGRADED_PAUSE + 5)
            assert both.session().link.state is LinkState.CONNECTED
            await leave(device)
            assert both.stored == 180 * SECOND
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 180)
            starts = sorted({float(one.query["started_at"]) for one in both.received(STORAGE)})
            assert len(starts) == len(both.received(STORAGE))
            both.assert_at_rest()

    run(scenario)


def test_a_podcast_through_three_pods_of_the_pusher_arrives_whole_from_the_version_to_ship_only(
    run, fixed
):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            for _ in range(3):
                await device.play(podcast.SECONDS // 4)
                await both.bed.restart_pusher()
            await device.play(podcast.SECONDS - device.played)
            await device.stay(2)
            await leave(device)
            assert device.words == podcast.WORDS
            whole = podcast.SECONDS * SECOND, podcast.WORDS
            arrived = both.stored, both.words_at(Backend.TRANSCRIPT_WEBHOOK)
            if fixed == "shipped":
                assert arrived == whole
                assert both.bed.backends.stored_twice_bytes == 0
            else:
                assert arrived[0] < whole[0] / 2
            both.assert_at_rest()

    run(scenario)


def test_a_links_fate_is_its_own(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            ada, grace = await both.connect("ada"), await both.connect("grace")
            await asyncio.gather(ada.play(10), grace.play(10))
            opened = both.bed.observer.sessions.open.values()
            (of_ada,) = [one for one in opened if one.uid == "ada"]
            of_ada.connection.transport.abort()
            await asyncio.gather(ada.play(10), grace.play(10))
            await asyncio.gather(ada.stay(2), grace.stay(2))
            await asyncio.gather(ada.leave(), grace.leave())
            await asyncio.sleep(AN_HOUR / 10)
            stored = {
                uid: sum(one.bytes for one in both.received(STORAGE) if one.uid == uid)
                for uid in ("ada", "grace")
            }
            assert stored["grace"] == 20 * SECOND
            assert (stored["ada"] == 20 * SECOND) is (fixed == "shipped")
            both.assert_at_rest()

    run(scenario)
