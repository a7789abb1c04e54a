"""What goes to the user's webhooks: transcripts each second, audio in pieces; both bounded."""

import asyncio

from bed import Bed, audio, now, send, serve_bed, size, troubles

from ghosts import protocol
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX


def transcript(length: int = 1) -> protocol.Transcript:
    """A transcript that can be told by its size."""
    return protocol.Transcript([{"text": "x" * length}], None)


def lengths(bed: Bed) -> list[int]:
    overhead = len('[{"text": ""}]')
    return [one.bytes - overhead for one in bed.backends[Backend.TRANSCRIPT_WEBHOOK].received]


def pieces(bed: Bed) -> list[int]:
    return [one.bytes for one in bed.backends[Backend.AUDIO_WEBHOOK].received]


def test_transcripts_go_at_the_next_second_in_order(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect()
            await asyncio.sleep(10.25)
            await send(device, transcript(1), transcript(2))
            await asyncio.sleep(0.5)
            assert lengths(bed) == []
            await asyncio.sleep(0.5)
            assert lengths(bed) == [1, 2]

    run(scenario)


def test_beyond_50_transcripts_the_oldest_is_forgotten(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.SLOW, seconds=10)
            device = await bed.connect()
            await send(device, transcript(100))
            await asyncio.sleep(2)
            await send(device, *(transcript(n) for n in range(1, 54)))
            await asyncio.sleep(1)
            await bed.backends[Backend.TRANSCRIPT_WEBHOOK].recover()
            await asyncio.sleep(20)
            assert lengths(bed) == [100, *range(4, 54)]

    run(scenario)


def test_transcripts_that_wait_at_a_disconnect_are_still_sent(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            await asyncio.sleep(10.25)
            await send(device, transcript(1), transcript(2))
            await device.close()
            await asyncio.sleep(16)
            bed.assert_at_rest()
            assert lengths(bed) == [1, 2]

    run(scenario)


def test_a_webhook_that_fails_is_logged_and_gets_the_next_transcript(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.STATUS_500)
            device = await bed.connect()
            await send(device, transcript(1))
            await asyncio.sleep(2)
            await bed.backends[Backend.TRANSCRIPT_WEBHOOK].recover()
            await send(device, transcript(2))
            await asyncio.sleep(2)
            assert (lengths(bed), bed.gauge) == ([2], 1)

    run(scenario)
    assert troubles(caplog.records) == ["ada: transcript not sent: transcript_webhook: status 500"]


def test_a_user_without_a_webhook_has_no_transcript_sent(run):
    async def scenario():
        async with serve_bed(FIX, Features(transcript_webhook=False)) as bed:
            device = await bed.connect()
            await send(device, transcript())
            await asyncio.sleep(5)
            assert lengths(bed) == []

    run(scenario)


def test_audio_goes_at_once_when_there_is_more_than_a_piece_of_it(run):
    async def scenario():
        async with serve_bed(FIX, Features(audio_webhook_seconds=5)) as bed:
            device = await bed.connect()
            for _ in range(12):
                await asyncio.sleep(0.25)
                await send(device, audio(1))
                await asyncio.sleep(0)
            await asyncio.sleep(0.25)
            assert pieces(bed) == [size(6), size(6)]
            assert now() == 3.25

    run(scenario)


def test_a_piece_has_the_same_seconds_at_16_khz(run):
    async def scenario():
        async with serve_bed(FIX, Features(audio_webhook_seconds=5)) as bed:
            device = await bed.connect(rate=16_000)
            for _ in range(6):
                await send(device, audio(1, rate=16_000))
            await asyncio.sleep(1)
            assert pieces(bed) == [size(6, 16_000)]

    run(scenario)


def test_beyond_20_pieces_the_oldest_is_forgotten(run):
    async def scenario():
        async with serve_bed(FIX, Features(audio_webhook_seconds=1)) as bed:
            await bed.backends[Backend.AUDIO_WEBHOOK].fail(FaultMode.SLOW, seconds=10)
            device = await bed.connect()
            await send(device, audio(2))
            await asyncio.sleep(1)
            for n in range(22):
                await send(device, audio(3 + n))
            await asyncio.sleep(1)
            await bed.backends[Backend.AUDIO_WEBHOOK].recover()
            await asyncio.sleep(20)
            assert pieces(bed) == [size(2), *(size(3 + n) for n in range(2, 22))]

    run(scenario)


def test_without_an_audio_webhook_no_audio_is_kept_for_one(run):
    async def scenario():
        async with serve_bed(FIX, Features(private_cloud=False)) as bed:
            device = await bed.connect()
            await send(device, audio(60))
            await asyncio.sleep(5)
            assert pieces(bed) == []

    run(scenario)


def test_a_full_audio_webhook_does_not_hold_up_the_private_cloud(run):
    async def scenario():
        async with serve_bed(FIX, Features(audio_webhook_seconds=5)) as bed:
            await bed.backends[Backend.AUDIO_WEBHOOK].fail(FaultMode.TRICKLES, seconds=10)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(2)
            assert [received.bytes for received in bed.stored] == [size(60)]

    run(scenario)
