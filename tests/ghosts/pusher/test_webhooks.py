"""What goes to the user's webhooks: transcripts each second, audio in pieces; both bounded."""

import asyncio

from pod import Pod, audio, now, send, serve_pod, size, troubles

from ghosts.backends import Backend, FaultMode, Features
from ghosts.pusher import wire


def transcript(length: int = 1) -> wire.Transcript:
    """A transcript that can be told by its size."""
    return wire.Transcript([{"text": "x" * length}], None)


def lengths(pod: Pod) -> list[int]:
    overhead = len('[{"text": ""}]')
    return [one.bytes - overhead for one in pod.backends[Backend.TRANSCRIPT_WEBHOOK].received]


def pieces(pod: Pod) -> list[int]:
    return [one.bytes for one in pod.backends[Backend.AUDIO_WEBHOOK].received]


def test_transcripts_go_at_the_next_second_in_order(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await asyncio.sleep(10.25)
            await send(device, transcript(1), transcript(2))
            await asyncio.sleep(0.5)
            assert lengths(pod) == []
            await asyncio.sleep(0.5)
            assert lengths(pod) == [1, 2]

    run(scenario)


def test_beyond_50_transcripts_the_oldest_is_forgotten(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            await pod.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.SLOW, seconds=10)
            device = await pod.connect()
            await send(device, transcript(100))
            await asyncio.sleep(2)
            await send(device, *(transcript(n) for n in range(1, 54)))
            await asyncio.sleep(1)
            await pod.backends[Backend.TRANSCRIPT_WEBHOOK].heal()
            await asyncio.sleep(20)
            assert lengths(pod) == [100, *range(4, 54)]

    run(scenario)


def test_transcripts_that_wait_at_a_disconnect_are_still_sent(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await asyncio.sleep(10.25)
            await send(device, transcript(1), transcript(2))
            await device.close()
            await asyncio.sleep(16)
            pod.assert_at_rest()
            assert lengths(pod) == [1, 2]

    run(scenario)


def test_a_webhook_that_fails_is_logged_and_gets_the_next_transcript(run, lifecycle, caplog):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            await pod.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.STATUS_500)
            device = await pod.connect()
            await send(device, transcript(1))
            await asyncio.sleep(2)
            await pod.backends[Backend.TRANSCRIPT_WEBHOOK].heal()
            await send(device, transcript(2))
            await asyncio.sleep(2)
            assert (lengths(pod), pod.gauge) == ([2], 1)

    run(scenario)
    assert troubles(caplog.records) == ["ada: transcript not sent: transcript_webhook: status 500"]


def test_a_user_without_a_webhook_has_no_transcript_sent(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(transcript_webhook=False)) as pod:
            device = await pod.connect()
            await send(device, transcript())
            await asyncio.sleep(5)
            assert lengths(pod) == []

    run(scenario)


def test_audio_goes_at_once_when_there_is_more_than_a_piece_of_it(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(audio_webhook_seconds=5)) as pod:
            device = await pod.connect()
            for _ in range(12):
                await asyncio.sleep(0.25)
                await send(device, audio(1))
                await asyncio.sleep(0)
            await asyncio.sleep(0.25)
            assert pieces(pod) == [size(6), size(6)]
            assert now() == 3.25

    run(scenario)


def test_a_piece_has_the_same_seconds_at_16_khz(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(audio_webhook_seconds=5)) as pod:
            device = await pod.connect(rate=16_000)
            for _ in range(6):
                await send(device, audio(1, rate=16_000))
            await asyncio.sleep(1)
            assert pieces(pod) == [size(6, 16_000)]

    run(scenario)


def test_beyond_20_pieces_the_oldest_is_forgotten(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(audio_webhook_seconds=1)) as pod:
            await pod.backends[Backend.AUDIO_WEBHOOK].fail(FaultMode.SLOW, seconds=10)
            device = await pod.connect()
            await send(device, audio(2))
            await asyncio.sleep(1)
            for n in range(22):
                await send(device, audio(3 + n))
            await asyncio.sleep(1)
            await pod.backends[Backend.AUDIO_WEBHOOK].heal()
            await asyncio.sleep(20)
            assert pieces(pod) == [size(2), *(size(3 + n) for n in range(2, 22))]

    run(scenario)


def test_without_an_audio_webhook_no_audio_is_kept_for_one(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(private_cloud=False)) as pod:
            device = await pod.connect()
            await send(device, audio(60))
            await asyncio.sleep(5)
            assert pieces(pod) == []

    run(scenario)


def test_a_full_audio_webhook_does_not_hold_up_the_private_cloud(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle, Features(audio_webhook_seconds=5)) as pod:
            await pod.backends[Backend.AUDIO_WEBHOOK].fail(FaultMode.TRICKLES, seconds=10)
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(60))
            await asyncio.sleep(2)
            assert [received.bytes for received in pod.stored] == [size(60)]

    run(scenario)
