"""The user's audio: when it is uploaded, in what order, how often it is tried, what is given up.

Storage takes no time here unless a test breaks it, so a time is that of the tick that looked.
"""

import asyncio

import pytest
from bed import audio, now, send, serve_bed, size, spy_on_uploads, troubles
from websockets.asyncio.client import ClientConnection

from ghosts import protocol
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX, INCIDENT

MINUTE = size(60)


async def speak(device: ClientConnection, seconds: int, *, fill: bytes = b"\0") -> None:
    """One frame after each second of audio, as a device does."""
    for _ in range(seconds):
        await asyncio.sleep(1)
        await send(device, audio(1, at=now() - 1, fill=fill))


def test_a_chunk_is_uploaded_at_sixty_seconds_of_audio_and_not_before(run, monkeypatch):
    async def scenario():
        async with serve_bed(FIX) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"))
            await speak(device, 59)
            await asyncio.sleep(0.5)
            assert (attempts, bed.held) == ([], size(59))
            await speak(device, 2)
            await asyncio.sleep(1)
            assert [(one.started_at, len(one.audio)) for one in attempts] == [(0, 960_000)]
            assert bed.stored[0].query["conversation_id"] == "c"
            assert (bed.stored[0].bytes, bed.held) == (960_000, size(1))
            bed.assert_audio_adds_up()

    run(scenario)


def test_a_chunk_at_16_khz_has_twice_the_bytes(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect(rate=16_000)
            await send(device, protocol.Conversation("c"))
            for _ in range(4):
                await send(device, audio(15, rate=16_000))
            await asyncio.sleep(2)
            assert [received.bytes for received in bed.stored] == [1_920_000]

    run(scenario)


def test_a_switch_uploads_the_rest_of_the_conversation_at_the_next_tick(run, monkeypatch):
    async def scenario():
        async with serve_bed(FIX) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            device = await bed.connect()
            await send(
                device, protocol.Conversation("morning"), audio(7), protocol.Conversation("noon")
            )
            await send(device, audio(9))
            await asyncio.sleep(2)
            assert [(one.conversation_id, len(one.audio)) for one in attempts] == [
                ("morning", size(7))
            ]
            assert attempts[0].at <= 1
            assert bed.held == size(9)

    run(scenario)


def test_the_same_conversation_named_again_is_no_switch(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect()
            await send(
                device, protocol.Conversation("c"), audio(7), protocol.Conversation("c"), audio(7)
            )
            await asyncio.sleep(30)
            assert (bed.stored, bed.held) == ([], size(14))

    run(scenario)


def test_a_short_chunk_of_the_current_conversation_waits_until_it_is_sixty_seconds_old(
    run, monkeypatch
):
    async def scenario():
        async with serve_bed(FIX) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            device = await bed.connect()
            await asyncio.sleep(0.5)
            for conversation in ("home", "away", "home"):
                await send(device, protocol.Conversation(conversation), audio(10))
            await asyncio.sleep(90)
            assert [(one.conversation_id, one.at) for one in attempts] == [
                ("away", 1),
                ("home", 61),
            ]
            assert bed.held == size(10)  # said after the return, and not yet a chunk

    run(scenario)


def test_a_batch_goes_as_soon_as_its_chunks_make_sixty_seconds_in_the_order_they_were_said(
    run, monkeypatch
):
    async def scenario():
        async with serve_bed(FIX) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            device = await bed.connect()
            await send(device, protocol.Conversation("home"), audio(10, at=100, fill=b"a"))
            await send(device, protocol.Conversation("away"), audio(1, fill=b"x"))
            await send(device, protocol.Conversation("home"), audio(60, at=111, fill=b"b"))
            await asyncio.sleep(2)
            (home,) = [one for one in attempts if one.conversation_id == "home"]
            assert (home.at, home.started_at) == (1, 100)
            assert home.audio == b"a" * size(10) + b"b" * size(60)

    run(scenario)


def test_what_is_left_at_a_disconnect_is_uploaded_at_the_tick_or_at_once(run, variant, monkeypatch):
    async def scenario():
        async with serve_bed(variant) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"))
            await speak(device, 10)
            await asyncio.sleep(0.25)
            await device.close()
            await asyncio.sleep(20)
            bed.assert_at_rest()
            assert [len(one.audio) for one in attempts] == [size(10)]
            assert attempts[0].at == (10.25 if variant is not INCIDENT else 11)
            assert bed.dropped == {}

    run(scenario)


def test_a_failed_upload_is_tried_three_times_more_a_minute_apart_and_then_counted_as_lost(
    run, monkeypatch, caplog
):
    async def scenario():
        async with serve_bed(FIX) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            await bed.backends[Backend.STORAGE].fail(FaultMode.STATUS_500)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(170)
            assert (bed.held, bed.dropped) == (MINUTE, {})
            await asyncio.sleep(60)
            assert [one.at for one in attempts] == pytest.approx([0, 60, 120, 180], abs=1)
            assert {len(one.audio) for one in attempts} == {MINUTE}
            assert (bed.held, bed.dropped) == (0, {"retries_exhausted": MINUTE})
            bed.assert_audio_adds_up()

    run(scenario)
    lines = troubles(caplog.records)
    assert [line.partition(":")[2].split(":")[0] for line in lines] == [
        *[" upload failed, to be tried again"] * 3,
        " upload given up",
        f" {MINUTE} bytes of audio dropped",
    ]


def test_an_upload_that_succeeds_at_the_third_retry_loses_nothing(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            storage = bed.backends[Backend.STORAGE]
            await storage.fail(FaultMode.RESETS)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(150)
            await storage.recover()
            await asyncio.sleep(60)
            assert [received.bytes for received in bed.stored] == [MINUTE]
            assert (bed.held, bed.dropped) == (0, {})

    run(scenario)


def test_at_a_disconnect_retries_come_each_second_or_all_at_once(run, variant, monkeypatch):
    async def scenario():
        async with serve_bed(variant) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            await bed.backends[Backend.STORAGE].fail(FaultMode.STATUS_500)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"))
            await speak(device, 5)
            await asyncio.sleep(0.5)
            await device.close()
            await asyncio.sleep(20)
            times = [one.at for one in attempts]
            assert times == ([5.5] * 4 if variant is not INCIDENT else [6, 7, 8, 9])
            bed.assert_at_rest()
            assert bed.dropped == {"retries_exhausted": size(5)}

    run(scenario)


def test_the_queue_holds_twenty_chunks_and_gives_up_the_oldest_and_counts_it(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            storage = bed.backends[Backend.STORAGE]
            await storage.fail(FaultMode.SLOW, seconds=100)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60, at=0))
            await asyncio.sleep(2)  # the first is on its way, which takes no room in the queue
            for minute in range(1, 21):
                await send(device, audio(60, at=60 * minute))
            await asyncio.sleep(1)
            assert (bed.held, bed.dropped) == (21 * MINUTE, {})
            await send(device, audio(60, at=60 * 21), audio(60, at=60 * 22))
            await asyncio.sleep(1)
            assert (bed.held, bed.dropped) == (21 * MINUTE, {"queue_full": 2 * MINUTE})
            bed.assert_audio_adds_up()
            await asyncio.sleep(200)
            assert [(one.query["started_at"], one.bytes) for one in bed.stored] == [
                ("0.0", MINUTE),
                ("180.0", 20 * MINUTE),
            ]

    run(scenario)
    assert troubles(caplog.records) == [f"ada: {MINUTE} bytes of audio dropped: queue_full"] * 2


def test_audio_without_a_conversation_is_counted_as_lost_and_does_not_fill_the_log(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect()
            await speak(device, 30)
            await asyncio.sleep(1)
            assert (bed.dropped, bed.held) == ({"no_conversation": size(30)}, 0)
            bed.assert_audio_adds_up()

    run(scenario)
    assert troubles(caplog.records) == []


def test_without_private_cloud_no_audio_is_kept_or_counted(run):
    async def scenario():
        async with serve_bed(FIX, Features(private_cloud=False)) as bed:
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(2)
            assert (bed.stored, bed.held, bed.dropped) == ([], 0, {})
            assert bed.pusher.metrics.received_bytes == 0

    run(scenario)


def test_a_batch_that_cannot_be_stored_does_not_hold_up_another_conversation(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            storage = bed.backends[Backend.STORAGE]
            await storage.fail(FaultMode.STATUS_500)
            device = await bed.connect()
            await send(device, protocol.Conversation("first"), audio(60))
            await asyncio.sleep(5)
            await storage.recover()
            await send(device, protocol.Conversation("second"), audio(60))
            await asyncio.sleep(2)
            assert [one.query["conversation_id"] for one in bed.stored] == ["second"]
            await asyncio.sleep(60)
            assert [one.query["conversation_id"] for one in bed.stored] == ["second", "first"]

    run(scenario)


def test_a_long_and_changeable_day_is_stored_to_the_last_byte_in_order(run, monkeypatch):
    """Storage fails and recovers meanwhile; nothing is given up, so nothing may be missing."""

    async def scenario():
        async with serve_bed(FIX) as bed:
            stored: dict[str, bytes] = {}
            attempts = spy_on_uploads(bed, monkeypatch)
            storage = bed.backends[Backend.STORAGE]
            device = await bed.connect()
            said: dict[str, bytes] = {}
            for part in range(12):
                conversation = f"c{part % 3}"
                fill = bytes([part])
                if part == 4:
                    await storage.fail(FaultMode.STATUS_500)
                if part == 7:
                    await storage.recover()
                await send(device, protocol.Conversation(conversation))
                await speak(device, 25, fill=fill)
                said[conversation] = said.get(conversation, b"") + fill * size(25)
            await device.close()
            await asyncio.sleep(20)
            bed.assert_at_rest()
            assert bed.dropped == {}
            done = {(one.query["conversation_id"], one.query["started_at"]) for one in bed.stored}
            latest = {(one.conversation_id, one.started_at): one for one in attempts}
            for (conversation, started_at), one in sorted(latest.items()):
                assert (conversation, repr(started_at)) in done
                stored[conversation] = stored.get(conversation, b"") + one.audio
            assert stored == said

    run(scenario)
