"""How sessions end: the incident shows under `gather_all`, and does not under `supervised`."""

import asyncio
import logging

import pytest
from pod import Pod, audio, now, reset, send, serve_pod, session_tasks, size, troubles
from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection

from ghosts import settings
from ghosts.backends import Backend, FaultMode
from ghosts.pusher import Lifecycle, gather_all, supervised, wire

LOOPS = ["audio_bytes", "private_cloud", "receive", "speaker_samples", "transcripts"]
WITHIN_SUPERVISED = (
    settings.BG_DRAIN_TIMEOUT
    + settings.CANCEL_ACK_TIMEOUT  # after the drain
    + settings.CANCEL_ACK_TIMEOUT  # in the clean-up
    + settings.WS_CLOSE_TIMEOUT
)
WITHIN_GATHER = settings.SPEAKER_SAMPLES_TICK


def within(lifecycle: Lifecycle) -> float:
    """Seconds in which a session ends that nothing holds up."""
    return 0.001 if lifecycle is not gather_all else WITHIN_GATHER + 0.001


async def device_with_stuck_upload(pod: Pod, uid: str = "ada") -> ClientConnection:
    """A device whose first minute of audio is in a call to storage that will not be answered."""
    await pod.backends[Backend.STORAGE].fail(FaultMode.NEVER_ANSWERS)
    device = await pod.connect(uid)
    await send(device, wire.Conversation("c"), audio(60), audio(5))
    await asyncio.sleep(2)
    return device


def exits(reason: str) -> float:
    labels = {"label": "pusher", "reason": reason}
    return REGISTRY.get_sample_value("async_supervisor_exit_total", labels) or 0.0


def test_a_session_is_five_tasks_named_after_the_user_and_the_loop(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect("ada")
            await asyncio.sleep(1)
            assert session_tasks() == [f"ws:ada:{loop}" for loop in LOOPS]
            await device.close()
            await asyncio.sleep(16)
            assert session_tasks() == []

    run(scenario)


@pytest.mark.parametrize("leave", ["close", "reset", "abort"])
def test_a_session_that_nothing_holds_up_ends_at_once_or_at_the_last_loops_next_look(
    run, lifecycle, caplog, leave
):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(2))
            await asyncio.sleep(5.5)
            assert pod.gauge == pod.tcp() == 1
            match leave:
                case "close":
                    await device.close()
                case "reset":
                    reset(device)
                case "abort":
                    device.transport.abort()
            await asyncio.sleep(0.001)
            assert pod.tcp() == 0
            await asyncio.sleep(within(lifecycle))
            pod.assert_at_rest()
            assert [received.bytes for received in pod.stored] == [size(2)]

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_device_that_vanishes_is_noticed_by_two_pings_of_20_s(run, lifecycle, caplog):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(2))
            await asyncio.sleep(1)
            device.transport.pause_reading()  # and no goodbye
            found_out = settings.WS_PING_INTERVAL + settings.WS_PING_TIMEOUT
            await asyncio.sleep(found_out - 1.5)
            assert pod.gauge == pod.tcp() == 1
            await asyncio.sleep(2 + settings.WS_CLOSE_TIMEOUT + within(lifecycle))
            pod.assert_at_rest()
            assert [received.bytes for received in pod.stored] == [size(2)]
            device.transport.abort()

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith("ada: connection lost: sent 1011 ")
    assert "keepalive ping timeout" in line


def test_a_silent_device_that_answers_pings_is_let_go_after_300_s_only_if_supervised(
    run, lifecycle, caplog
):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await asyncio.sleep(100)
            await send(device, wire.Heartbeat())
            await asyncio.sleep(299.5)
            assert pod.gauge == 1
            await asyncio.sleep(1)
            if lifecycle is not gather_all:
                assert (device.close_code, device.close_reason) == (1011, "receive timeout")
                pod.assert_at_rest()
            else:
                await asyncio.sleep(86_400)
                assert (pod.gauge, pod.tcp(), device.close_code) == (1, 1, None)
                device.transport.abort()

    run(scenario)
    expected = ["ada: no frame for 300 s"] if lifecycle is not gather_all else []
    assert troubles(caplog.records) == expected


def test_a_device_that_sends_no_more_than_heartbeats_is_kept(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            for _ in range(60):
                await asyncio.sleep(20)
                await send(device, wire.Heartbeat())
            assert pod.gauge == pod.tcp() == 1

    run(scenario)


def test_an_upload_without_an_answer_makes_a_ghost_under_gather(run):
    async def scenario():
        async with serve_pod(gather_all) as pod:
            device = await device_with_stuck_upload(pod)
            await device.close()
            await asyncio.sleep(86_400)
            assert (pod.gauge, pod.tcp()) == (1, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            assert pod.held == size(65)
            pod.assert_audio_adds_up()

    run(scenario)


def test_an_upload_without_an_answer_is_cut_off_after_30_s_if_supervised_and_its_audio_counted(
    run,
):
    async def scenario():
        async with serve_pod(supervised) as pod:
            device = await device_with_stuck_upload(pod)
            await device.close()
            await asyncio.sleep(settings.BG_DRAIN_TIMEOUT - 0.1)
            assert (pod.gauge, pod.tcp()) == (1, 0)
            await asyncio.sleep(0.2)
            pod.assert_at_rest()
            assert pod.dropped == {"session_ended": size(65)}
            # The gauge is right, and yet: the worker and its minute of audio are still taken.
            assert pod.clients.uploads.busy == 1
            assert pod.clients.uploads.abandoned_bytes == size(60)

    run(scenario)


def test_a_loop_that_will_not_be_cancelled_does_not_hold_the_gauge_if_supervised(
    run, lifecycle, monkeypatch
):
    async def scenario():
        async with serve_pod(lifecycle) as pod:

            async def stubborn(_batch: object) -> None:
                give_up_at = now() + 3600
                while now() < give_up_at:
                    try:
                        await asyncio.sleep(give_up_at - now())
                    except asyncio.CancelledError:
                        continue

            monkeypatch.setattr(pod.clients, "upload", stubborn)
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(60))
            await asyncio.sleep(1)
            await device.close()
            await asyncio.sleep(WITHIN_SUPERVISED)
            assert WITHIN_SUPERVISED <= 45
            assert (pod.gauge, pod.tcp()) == (lifecycle is gather_all, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            await asyncio.sleep(3600)
            pod.assert_at_rest()

    run(scenario)


@pytest.mark.parametrize("cancels", [1, 2, 5])
@pytest.mark.parametrize("left", [False, True], ids=["device there", "device gone"])
def test_a_handler_cancelled_from_outside_takes_its_gauge_down_before_and_in_the_drain(
    run, lifecycle, cancels, left
):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await device_with_stuck_upload(pod)
            if left:
                await device.close()
                await asyncio.sleep(10)
            (handler,) = pod.handlers
            for _ in range(cancels):
                handler.cancel()
                await asyncio.sleep(0)
            await asyncio.sleep(WITHIN_SUPERVISED)
            pod.assert_at_rest()
            assert handler.cancelled()
            assert pod.dropped == {"session_ended": size(65)}

    run(scenario)


def test_a_second_cancellation_leaks_the_gauge_under_gather_and_not_if_supervised(
    run, lifecycle, monkeypatch
):
    async def scenario():
        async with serve_pod(lifecycle) as pod:

            async def cleans_up_for_three_seconds(*_request: object) -> None:
                try:
                    await asyncio.sleep(3600)
                finally:
                    await asyncio.sleep(3)

            monkeypatch.setattr(pod.clients, "process_conversation", cleans_up_for_three_seconds)
            device = await pod.connect()
            await send(device, wire.ProcessConversation("c", "en"))
            await asyncio.sleep(1)
            (handler,) = pod.handlers
            for _ in range(2):
                handler.cancel()
                await asyncio.sleep(1)
            await asyncio.sleep(60)
            assert (pod.tcp(), session_tasks()) == (0, [])
            assert pod.gauge == (1 if lifecycle is gather_all else 0)

    run(scenario)


async def crash_a_loop(pod: Pod, device: ClientConnection) -> None:
    """Have the transcript loop read an answer that is no JSON, which it does not expect."""
    await pod.backends[Backend.TRANSCRIPT_WEBHOOK].fail(FaultMode.GARBAGE)
    await send(device, wire.Transcript([], None))
    await asyncio.sleep(2)


def test_a_crash_leaves_orphans_and_a_gauge_too_low_under_gather(run, caplog):
    async def scenario():
        async with serve_pod(gather_all) as pod:
            device = await device_with_stuck_upload(pod)
            await crash_a_loop(pod, device)
            await asyncio.sleep(86_400)
            assert (pod.gauge, pod.tcp()) == (0, 0)
            assert session_tasks() == ["ws:ada:private_cloud"]
            assert pod.held == size(65)

    run(scenario)
    (crash,) = [record for record in caplog.records if record.exc_info]
    assert "ws:ada:transcripts" in crash.getMessage()


def test_a_crash_ends_the_session_within_its_bounds_and_is_counted_if_supervised(run, caplog):
    async def scenario():
        async with serve_pod(supervised) as pod:
            crashes = exits("crash")
            device = await device_with_stuck_upload(pod)
            await crash_a_loop(pod, device)
            await asyncio.sleep(WITHIN_SUPERVISED)
            pod.assert_at_rest()
            assert exits("crash") == crashes + 1
            assert device.close_code is not None

    run(scenario)
    (crash,) = [record for record in caplog.records if record.exc_info]
    assert "ws:ada:transcripts" in crash.getMessage()


def test_audio_that_is_not_yet_a_chunk_outlives_the_crash_of_another_loop(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(30))
            await crash_a_loop(pod, device)
            await asyncio.sleep(WITHIN_GATHER)
            pod.assert_at_rest()
            assert [received.bytes for received in pod.stored] == [size(30)]
            assert pod.dropped == {}

    run(scenario)


def test_a_bug_in_the_receive_loop_is_a_crash_and_no_disconnect(run, lifecycle, monkeypatch):
    def broken(_frame: bytes) -> wire.Message:
        raise RuntimeError("a bug")

    async def scenario():
        async with serve_pod(lifecycle) as pod:
            crashes, disconnects = exits("crash"), exits("disconnect")
            device = await pod.connect()
            await send(device, wire.Conversation("c"), audio(30))
            await asyncio.sleep(1)
            monkeypatch.setattr(wire, "decode", broken)
            await send(device, wire.Heartbeat())
            await device.wait_closed()
            await asyncio.sleep(WITHIN_GATHER)
            pod.assert_at_rest()
            assert [received.bytes for received in pod.stored] == [size(30)]
            if lifecycle is not gather_all:
                assert (exits("crash"), exits("disconnect")) == (crashes + 1, disconnects)

    run(scenario)


def test_a_burst_of_disconnects_is_a_burst_of_disconnects(run, lifecycle, caplog):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            disconnects, crashes = exits("disconnect"), exits("crash")
            devices = [await pod.connect(f"device-{n}") for n in range(100)]
            for device in devices:
                await send(device, wire.Conversation("c"), audio(1))
            await asyncio.sleep(1)
            assert pod.gauge == pod.tcp() == 100
            for n, device in enumerate(devices):
                reset(device) if n % 2 else device.transport.abort()
            await asyncio.sleep(WITHIN_GATHER + 1)
            pod.assert_at_rest()
            assert len(pod.stored) == 100
            if lifecycle is not gather_all:
                assert (exits("disconnect"), exits("crash")) == (disconnects + 100, crashes)

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_webhook_that_trickles_makes_a_ghost_and_one_that_never_answers_does_not(run):
    async def gauge_after_a_day(mode: FaultMode, lifecycle: Lifecycle) -> int:
        async with serve_pod(lifecycle) as pod:
            await pod.backends[Backend.TRANSCRIPT_WEBHOOK].fail(mode, seconds=10)
            device = await pod.connect()
            await send(device, wire.Transcript([{"text": "hello"}], None))
            await asyncio.sleep(2)
            await device.close()
            await asyncio.sleep(3600)
            assert pod.tcp() == 0
            return pod.gauge

    # 10 s between two bytes never reach the 15 s after which the client gives up.
    assert run(lambda: gauge_after_a_day(FaultMode.TRICKLES, gather_all)) == 1
    assert run(lambda: gauge_after_a_day(FaultMode.TRICKLES, supervised)) == 0
    assert run(lambda: gauge_after_a_day(FaultMode.NEVER_ANSWERS, gather_all)) == 0
    assert run(lambda: gauge_after_a_day(FaultMode.NEVER_ANSWERS, supervised)) == 0


def test_sixteen_stuck_uploads_make_ghosts_of_users_whose_storage_is_well(run, lifecycle):
    async def scenario():
        async with serve_pod(lifecycle) as pod:
            storage = pod.backends[Backend.STORAGE]
            devices = []
            for n in range(settings.STORAGE_WORKERS + 4):
                if n < settings.STORAGE_WORKERS:
                    await storage.fail(FaultMode.NEVER_ANSWERS, uid=f"device-{n}")
                devices.append(await pod.connect(f"device-{n}"))
                await send(devices[-1], wire.Conversation("c"), audio(60))
                await asyncio.sleep(2)
            assert (pod.clients.uploads.busy, pod.clients.uploads.queued) == (16, 4)
            for device in devices:
                await device.close()
            await asyncio.sleep(settings.GHOST_AFTER)
            assert (pod.gauge, pod.tcp()) == (20 if lifecycle is gather_all else 0, 0)
            assert pod.stored == []
            pod.assert_audio_adds_up()

    run(scenario)


def test_a_pod_stops_within_its_bounds_with_ghosts_and_living_sessions(run, lifecycle, caplog):
    caplog.set_level(logging.WARNING)

    async def scenario():
        async with serve_pod(lifecycle) as pod:
            for n in range(20):
                device = await device_with_stuck_upload(pod, f"ghost-{n}")
                await device.close()
            living = await pod.connect("living")
            began = now()
            await pod.pusher.stop()
            assert now() - began <= settings.CANCEL_ACK_TIMEOUT + settings.WS_OPEN_TIMEOUT
            pod.assert_at_rest()
            await living.wait_closed()

    run(scenario)
    troubles(caplog.records)
