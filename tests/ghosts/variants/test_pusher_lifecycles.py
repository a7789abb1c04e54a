"""How sessions end: the incident shows under `gather_all`, and does not under `supervised`."""

import asyncio
import logging

import pytest
from bed import Bed, audio, now, reset, send, serve_bed, session_tasks, size, troubles
from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX, INCIDENT, Variant

LOOPS = ["audio_bytes", "private_cloud", "receive", "speaker_samples", "transcripts"]
WITHIN_SUPERVISED = (
    config.BG_DRAIN_TIMEOUT
    + config.CANCEL_ACK_TIMEOUT  # after the drain
    + config.CANCEL_ACK_TIMEOUT  # in the clean-up
    + config.WS_CLOSE_TIMEOUT
)
WITHIN_GATHER = config.SPEAKER_SAMPLES_POLL_INTERVAL


def within(variant: Variant) -> float:
    """Seconds in which a session ends that nothing holds up."""
    return 0.001 if variant is not INCIDENT else WITHIN_GATHER + 0.001


async def device_with_stuck_upload(bed: Bed, uid: str = "ada") -> ClientConnection:
    """A device whose first minute of audio is in a call to storage that will not be answered."""
    await bed.backends[Backend.STORAGE].fail(FaultMode.NEVER_ANSWERS)
    device = await bed.connect(uid)
    await send(device, protocol.Conversation("c"), audio(60), audio(5))
    await asyncio.sleep(2)
    return device


def exits(reason: str) -> float:
    labels = {"label": "pusher", "reason": reason}
    return REGISTRY.get_sample_value("async_supervisor_exit_total", labels) or 0.0


def test_a_session_is_five_tasks_named_after_the_user_and_the_loop(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect("ada")
            await asyncio.sleep(1)
            assert session_tasks() == [f"ws:ada:{loop}" for loop in LOOPS]
            await device.close()
            await asyncio.sleep(16)
            assert session_tasks() == []

    run(scenario)


@pytest.mark.parametrize("leave", ["close", "reset", "abort"])
def test_a_session_that_nothing_holds_up_ends_at_once_or_at_the_last_loops_next_look(
    run, variant, caplog, leave
):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(2))
            await asyncio.sleep(5.5)
            assert bed.gauge == bed.tcp() == 1
            match leave:
                case "close":
                    await device.close()
                case "reset":
                    reset(device)
                case "abort":
                    device.transport.abort()
            await asyncio.sleep(0.001)
            assert bed.tcp() == 0
            await asyncio.sleep(within(variant))
            bed.assert_at_rest()
            assert [received.bytes for received in bed.stored] == [size(2)]

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_device_that_vanishes_is_noticed_by_two_pings_of_20_s(run, variant, caplog):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(2))
            await asyncio.sleep(1)
            device.transport.pause_reading()  # and no goodbye
            found_out = config.WS_PING_INTERVAL + config.WS_PING_TIMEOUT
            await asyncio.sleep(found_out - 1.5)
            assert bed.gauge == bed.tcp() == 1
            await asyncio.sleep(2 + config.WS_CLOSE_TIMEOUT + within(variant))
            bed.assert_at_rest()
            assert [received.bytes for received in bed.stored] == [size(2)]
            device.transport.abort()

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith("ada: connection lost: sent 1011 ")
    assert "keepalive ping timeout" in line


def test_a_silent_device_that_answers_pings_is_let_go_after_300_s_only_if_supervised(
    run, variant, caplog
):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            await asyncio.sleep(100)
            await send(device, protocol.Heartbeat())
            await asyncio.sleep(299.5)
            assert bed.gauge == 1
            await asyncio.sleep(1)
            if variant is not INCIDENT:
                assert (device.close_code, device.close_reason) == (1011, "receive timeout")
                bed.assert_at_rest()
            else:
                await asyncio.sleep(3600)
                assert (bed.gauge, bed.tcp(), device.close_code) == (1, 1, None)
                device.transport.abort()

    run(scenario)
    expected = ["ada: no frame for 300 s"] if variant is not INCIDENT else []
    assert troubles(caplog.records) == expected


def test_a_device_that_sends_no_more_than_heartbeats_is_kept(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            for _ in range(60):
                await asyncio.sleep(20)
                await send(device, protocol.Heartbeat())
            assert bed.gauge == bed.tcp() == 1

    run(scenario)


def test_an_upload_without_an_answer_makes_a_ghost_under_gather(run):
    async def scenario():
        async with serve_bed(INCIDENT) as bed:
            device = await device_with_stuck_upload(bed)
            await device.close()
            await asyncio.sleep(3600)
            assert (bed.gauge, bed.tcp()) == (1, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            assert bed.held == size(65)
            bed.assert_audio_adds_up()

    run(scenario)


def test_an_upload_without_an_answer_is_cut_off_after_30_s_if_supervised_and_its_audio_counted(
    run,
):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await device_with_stuck_upload(bed)
            await device.close()
            await asyncio.sleep(config.BG_DRAIN_TIMEOUT - 0.1)
            assert (bed.gauge, bed.tcp()) == (1, 0)
            await asyncio.sleep(0.2)
            bed.assert_at_rest()
            assert bed.dropped == {"session_ended": size(65)}
            # The gauge is right, and yet: the worker and its minute of audio are still taken.
            assert bed.clients.uploads.busy == 1
            assert bed.clients.uploads.abandoned_bytes == size(60)

    run(scenario)


def test_a_loop_that_will_not_be_cancelled_does_not_hold_the_gauge_if_supervised(
    run, variant, monkeypatch
):
    async def scenario():
        async with serve_bed(variant) as bed:

            async def stubborn(_batch: object) -> None:
                give_up_at = now() + 3600
                while now() < give_up_at:
                    try:
                        await asyncio.sleep(give_up_at - now())
                    except asyncio.CancelledError:
                        continue

            monkeypatch.setattr(bed.clients, "upload", stubborn)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(1)
            await device.close()
            await asyncio.sleep(WITHIN_SUPERVISED)
            assert WITHIN_SUPERVISED <= 45
            assert (bed.gauge, bed.tcp()) == (variant is INCIDENT, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            await asyncio.sleep(3600)
            bed.assert_at_rest()

    run(scenario)


@pytest.mark.parametrize("cancels", [1, 2, 5])
@pytest.mark.parametrize("left", [False, True], ids=["device there", "device gone"])
def test_a_handler_cancelled_from_outside_takes_its_gauge_down_before_and_in_the_drain(
    run, variant, cancels, left
):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await device_with_stuck_upload(bed)
            if left:
                await device.close()
                await asyncio.sleep(10)
            (handler,) = bed.handlers
            for _ in range(cancels):
                handler.cancel()
                await asyncio.sleep(0)
            await asyncio.sleep(WITHIN_SUPERVISED)
            bed.assert_at_rest()
            assert handler.cancelled()
            assert bed.dropped == {"session_ended": size(65)}

    run(scenario)


def test_a_second_cancellation_leaks_the_gauge_under_gather_and_not_if_supervised(
    run, variant, monkeypatch
):
    async def scenario():
        async with serve_bed(variant) as bed:

            async def cleans_up_for_three_seconds(*_request: object) -> None:
                try:
                    await asyncio.sleep(3600)
                finally:
                    await asyncio.sleep(3)

            monkeypatch.setattr(bed.clients, "process_conversation", cleans_up_for_three_seconds)
            device = await bed.connect()
            await send(device, protocol.ProcessConversation("c", "en"))
            await asyncio.sleep(1)
            (handler,) = bed.handlers
            for _ in range(2):
                handler.cancel()
                await asyncio.sleep(1)
            await asyncio.sleep(60)
            assert (bed.tcp(), session_tasks()) == (0, [])
            assert bed.gauge == (1 if variant is INCIDENT else 0)

    run(scenario)


async def crash_a_loop(bed: Bed, device: ClientConnection) -> None:
    """Have the transcript loop read an answer that is no JSON, which it does not expect."""
    await bed.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.GARBAGE)
    await send(device, protocol.Transcript([], None))
    await asyncio.sleep(2)


def test_a_crash_leaves_orphans_and_a_gauge_too_low_under_gather(run, caplog):
    async def scenario():
        async with serve_bed(INCIDENT) as bed:
            device = await device_with_stuck_upload(bed)
            await crash_a_loop(bed, device)
            await asyncio.sleep(3600)
            assert (bed.gauge, bed.tcp()) == (0, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            assert bed.held == size(65)

    run(scenario)
    (crash,) = [record for record in caplog.records if record.exc_info]
    assert "ws:ada:transcripts" in crash.getMessage()


def test_a_crash_ends_the_session_within_its_bounds_and_is_counted_if_supervised(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            crashes = exits("crash")
            device = await device_with_stuck_upload(bed)
            await crash_a_loop(bed, device)
            await asyncio.sleep(WITHIN_SUPERVISED)
            bed.assert_at_rest()
            assert exits("crash") == crashes + 1
            assert device.close_code is not None

    run(scenario)
    (crash,) = [record for record in caplog.records if record.exc_info]
    assert "ws:ada:transcripts" in crash.getMessage()


def test_audio_that_is_not_yet_a_chunk_outlives_the_crash_of_another_loop(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(30))
            await crash_a_loop(bed, device)
            await asyncio.sleep(WITHIN_GATHER)
            bed.assert_at_rest()
            assert [received.bytes for received in bed.stored] == [size(30)]
            assert bed.dropped == {}

    run(scenario)


def test_a_bug_in_the_receive_loop_is_a_crash_and_no_disconnect(run, variant, monkeypatch):
    def broken(_frame: bytes) -> protocol.Message:
        raise RuntimeError("a bug")

    async def scenario():
        async with serve_bed(variant) as bed:
            crashes, disconnects = exits("crash"), exits("disconnect")
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(30))
            await asyncio.sleep(1)
            monkeypatch.setattr(protocol, "decode", broken)
            await send(device, protocol.Heartbeat())
            await device.wait_closed()
            await asyncio.sleep(WITHIN_GATHER)
            bed.assert_at_rest()
            assert [received.bytes for received in bed.stored] == [size(30)]
            if variant is not INCIDENT:
                assert (exits("crash"), exits("disconnect")) == (crashes + 1, disconnects)

    run(scenario)


def test_a_burst_of_disconnects_is_a_burst_of_disconnects(run, variant, caplog):
    async def scenario():
        async with serve_bed(variant) as bed:
            disconnects, crashes = exits("disconnect"), exits("crash")
            devices = [await bed.connect(f"device-{n}") for n in range(100)]
            for device in devices:
                await send(device, protocol.Conversation("c"), audio(1))
            await asyncio.sleep(1)
            assert bed.gauge == bed.tcp() == 100
            for n, device in enumerate(devices):
                reset(device) if n % 2 else device.transport.abort()
            await asyncio.sleep(WITHIN_GATHER + 1)
            bed.assert_at_rest()
            assert len(bed.stored) == 100
            if variant is not INCIDENT:
                assert (exits("disconnect"), exits("crash")) == (disconnects + 100, crashes)

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_webhook_that_trickles_makes_a_ghost_and_one_that_never_answers_does_not(run):
    async def gauge_after_a_day(mode: FaultMode, variant: Variant) -> int:
        async with serve_bed(variant) as bed:
            await bed.backends[Backend.TRANSCRIPT_WEBHOOK].fail(mode, seconds=10)
            device = await bed.connect()
            await send(device, protocol.Transcript([{"text": "hello"}], None))
            await asyncio.sleep(2)
            await device.close()
            await asyncio.sleep(3600)
            assert bed.tcp() == 0
            return bed.gauge

    # 10 s between two bytes never reach the 15 s after which the client gives up.
    assert run(lambda: gauge_after_a_day(FaultMode.TRICKLES, INCIDENT)) == 1
    assert run(lambda: gauge_after_a_day(FaultMode.TRICKLES, FIX)) == 0
    assert run(lambda: gauge_after_a_day(FaultMode.NEVER_ANSWERS, INCIDENT)) == 0
    assert run(lambda: gauge_after_a_day(FaultMode.NEVER_ANSWERS, FIX)) == 0


def test_sixteen_stuck_uploads_make_ghosts_of_users_whose_storage_is_well(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            storage = bed.backends[Backend.STORAGE]
            devices = []
            for n in range(config.STORAGE_WORKERS + 4):
                if n < config.STORAGE_WORKERS:
                    await storage.fail(FaultMode.NEVER_ANSWERS, uid=f"device-{n}")
                devices.append(await bed.connect(f"device-{n}"))
                await send(devices[-1], protocol.Conversation("c"), audio(60))
                await asyncio.sleep(2)
            assert (bed.clients.uploads.busy, bed.clients.uploads.queued) == (16, 4)
            for device in devices:
                await device.close()
            await asyncio.sleep(config.GHOST_AFTER)
            assert (bed.gauge, bed.tcp()) == (20 if variant is INCIDENT else 0, 0)
            assert bed.stored == []
            bed.assert_audio_adds_up()

    run(scenario)


def test_a_pod_stops_within_its_bounds_with_ghosts_and_living_sessions(run, variant, caplog):
    caplog.set_level(logging.WARNING)

    async def scenario():
        async with serve_bed(variant) as bed:
            for n in range(20):
                device = await device_with_stuck_upload(bed, f"ghost-{n}")
                await device.close()
            living = await bed.connect("living")
            began = now()
            await bed.pusher.stop()
            assert now() - began <= config.CANCEL_ACK_TIMEOUT + config.WS_OPEN_TIMEOUT
            bed.assert_at_rest()
            await living.wait_closed()

    run(scenario)
    troubles(caplog.records)
