"""The version to ship: no audio is lost, nothing is held, and everything arrives once, in order.

Where the published fix does harm, a twin of the test shows that it does.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest
from bed import (
    Bed,
    audio,
    now,
    send,
    serve_bed,
    session_tasks,
    shipped_pod,
    size,
    spy_on_uploads,
    troubles,
)
from speech import FRAME_SECONDS, Speaker, Told, all_said, arrived, speakers, together
from websockets.exceptions import ConnectionClosed

from ghosts import config, protocol
from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.clients import (
    DEADLINES,
    PUBLISHED,
    BackendError,
    Batch,
    ClientSettings,
    Features,
    PusherClients,
    Service,
    UploadPool,
    connect_pusher_clients,
)
from ghosts.pusher import Pusher, PusherMetrics, PusherSession, serve_pusher
from ghosts.pusher.spool import Key, Spool
from ghosts.pusher.spool_uploader import SpoolUploader
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX, SHIPPED, Variant
from tracemalloc_ext import retained_bytes

Outage: TypeAlias = Callable[[Bed], AbstractAsyncContextManager[None]]

AT_ONCE = 0.001
BACK_WITHIN = config.UPLOAD_DEADLINE + config.DELIVERY_BACKOFF[-1] + 2
"""Seconds after storage is well again: the last attempt, the longest pause, and two looks."""
IN_THE_END = 300
"""Seconds, some times as many, in which all has arrived, also from conversations that go on."""
WITHIN_SUPERVISED = 45
SMALL_SPOOL = 3 * 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@asynccontextmanager
async def next_pod(bed: Bed, path: Path) -> AsyncIterator[Pusher]:
    """A pod in the place of one that was stopped: the same storage and spool, and all else new."""
    bed.spool.close()
    with Spool(path, config.SPOOL_MAX_BYTES) as spool:
        async with (
            connect_pusher_clients(bed.backends.addresses, SHIPPED.pusher.clients) as clients,
            serve_pusher(SHIPPED.pusher.lifecycle, clients, spool) as pusher,
        ):
            yield pusher


def value(pusher: Pusher, metric: str) -> float:
    return pusher.metrics.registry.get_sample_value(metric)


@asynccontextmanager
async def failing(mode: FaultMode, bed: Bed, *, seconds: float = 10.0) -> AsyncIterator[None]:
    await bed.fail(Backend.STORAGE, mode, seconds=seconds)
    yield
    await bed.recover(Backend.STORAGE)


@asynccontextmanager
async def flapping(bed: Bed) -> AsyncIterator[None]:
    """A minute down, 20 s up, a minute hung, 20 s up, and so on."""

    async def flap() -> None:
        while True:
            for mode in (FaultMode.REFUSES, FaultMode.NEVER_ANSWERS):
                async with failing(mode, bed):
                    await asyncio.sleep(60)
                await asyncio.sleep(20)

    task = asyncio.create_task(flap())
    yield
    task.cancel()
    await asyncio.wait([task])
    await bed.recover(Backend.STORAGE)


OUTAGES: dict[str, Outage] = {
    "hangs": partial(failing, FaultMode.NEVER_ANSWERS),
    "trickles": partial(failing, FaultMode.TRICKLES),
    "500": partial(failing, FaultMode.STATUS_500),
    "resets": partial(failing, FaultMode.RESETS),
    "refuses": partial(failing, FaultMode.REFUSES),
    "answer lost": partial(failing, FaultMode.ANSWER_LOST),
    "slow": partial(failing, FaultMode.SLOW, seconds=25.0),
    "flaps": flapping,
    "garbage": partial(failing, FaultMode.GARBAGE),
    "library cancels": partial(failing, FaultMode.CANCELS_CALLER),
    "library blocks": partial(failing, FaultMode.BLOCKS_THREAD),
}


async def talk_through(
    bed: Bed, outage: AbstractAsyncContextManager[None], within: float
) -> list[Speaker]:
    """Three devices talk on while storage fails for five minutes. In the end all have left.

    They switch conversations; one leaves in the middle, and comes back into the same one. Sessions
    have ended ``within`` that many seconds after their devices have left.
    """
    ada, bob, eve = everybody = await speakers(bed, "ada", "bob", "eve")
    await together(30, *everybody)
    async with outage:
        await together(90, *everybody)
        await ada.turn_to("c2")
        await bob.turn_to("c2")
        await together(60, *everybody)
        for conversation_id in ("c3", "c4"):
            await bob.turn_to(conversation_id)
            await together(5, *everybody)
        await bob.leave()
        await asyncio.sleep(within)
        assert (bed.gauge, bed.tcp()) == (2, 2)
        await together(60, ada, eve)
        await bob.arrive("c4")
        await together(75, *everybody)
    await together(30, *everybody)
    for one in everybody:
        await one.leave()
    await asyncio.sleep(within)
    assert (bed.gauge, bed.tcp(), session_tasks()) == (0, 0, [])
    return everybody


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_everything_arrives_once_and_in_order_and_nothing_is_held_however_storage_fails(
    run, path, caplog, outage
):
    async def scenario():
        async with shipped_pod(path) as bed:
            everybody = await talk_through(bed, outage(bed), AT_ONCE)
            await asyncio.sleep(IN_THE_END)
            assert arrived(bed.stored) == all_said(*everybody)
            assert bed.dropped == {}
            assert (bed.spool.size, bed.clients.uploads.busy) == (0, 0)
            bed.assert_at_rest()

    run(scenario)
    troubles(caplog.records)


def harm_done(bed: Bed, everybody: list[Speaker]) -> set[str]:
    harm = {
        "lost": all_said(*everybody).total() - bed.backends.stored_bytes,
        "stored twice": bed.backends.stored_twice_bytes,
        "workers held": bed.clients.uploads.busy,
    }
    return {name for name, amount in harm.items() if amount}


@pytest.mark.parametrize(
    ("outage", "harm"),
    [
        ("hangs", {"lost", "workers held"}),
        ("trickles", {"lost", "workers held"}),
        ("500", {"lost"}),
        ("resets", {"lost"}),
        ("refuses", {"lost"}),
        ("answer lost", {"stored twice"}),
        ("slow", {"lost"}),
        ("flaps", {"lost"}),
    ],
)
def test_the_published_fix_loses_audio_or_stores_it_twice_or_keeps_workers(run, outage, harm):
    async def scenario():
        async with serve_bed(FIX) as bed:
            everybody = await talk_through(bed, OUTAGES[outage](bed), WITHIN_SUPERVISED)
            await asyncio.sleep(3600)
            assert harm_done(bed, everybody) == harm

    run(scenario)


@pytest.mark.parametrize("outage", ["garbage", "library cancels"])
def test_an_answer_that_nobody_expects_cuts_devices_off_as_published_and_loses_audio(run, outage):
    async def scenario():
        async with serve_bed(FIX) as bed:
            (ada,) = await speakers(bed, "ada")
            async with OUTAGES[outage](bed):
                with pytest.raises(ConnectionClosed):
                    await ada.speak(120)
            await asyncio.sleep(3600)
            assert bed.backends.stored_bytes == 0 < sum(bed.dropped.values())

    run(scenario)


def test_audio_before_any_conversation_is_named_is_delivered_and_dropped_as_published(run, path):
    async def scenario(bed: Bed) -> Speaker:
        (ada,) = await speakers(bed, "ada", conversation_id=None)
        await ada.speak(90)
        await ada.turn_to("c1")
        await ada.speak(30)
        await ada.leave()
        await asyncio.sleep(2)
        return ada

    async def as_shipped():
        async with shipped_pod(path) as bed:
            ada = await scenario(bed)
            assert (
                arrived(bed.stored) == ada.said == {("ada", ""): size(90), ("ada", "c1"): size(30)}
            )

    async def as_published():
        async with serve_bed(FIX) as bed:
            await scenario(bed)
            assert bed.dropped == {"no_conversation": size(90)}

    run(as_shipped)
    run(as_published)


def test_deliveries_are_of_a_minute_as_published_and_go_when_a_conversation_is_over(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            (ada,) = await speakers(bed, "ada")
            await ada.speak(60)
            await asyncio.sleep(1)
            assert [one.bytes for one in bed.stored] == [config.SPOOL_BATCH_BYTES]
            await ada.speak(10)
            await ada.turn_to("c2")
            await asyncio.sleep(1.5)
            assert [one.bytes for one in bed.stored[1:]] == [size(10)]
            await ada.say(5)
            await asyncio.sleep(config.SPOOL_BATCH_AGE - 1)
            assert len(bed.stored) == 2
            await asyncio.sleep(2)
            assert [one.bytes for one in bed.stored[2:]] == [size(5)]
            await ada.say(3)
            await ada.leave()
            await asyncio.sleep(1.5)
            assert [one.bytes for one in bed.stored[3:]] == [size(3)]
            assert arrived(bed.stored) == ada.said

    run(scenario)


def test_what_an_outage_has_left_of_a_conversation_goes_before_what_was_said_since(run, path):
    """A device comes back into a conversation that is being tried again."""

    async def scenario():
        async with shipped_pod(path) as bed:
            (ada,) = await speakers(bed, "ada")
            await bed.fail(Backend.STORAGE, FaultMode.STATUS_500)
            for _ in range(5):
                await ada.speak(35)
                await ada.leave()
                await asyncio.sleep(10)
                await ada.arrive("c1")
            await bed.recover(Backend.STORAGE)
            await ada.speak(60)
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(bed.stored) == ada.said == {("ada", "c1"): size(235)}

    run(scenario)


def test_two_devices_of_a_user_in_one_conversation_lose_nothing(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            devices = [await bed.connect("ada") for _ in range(2)]
            for device in devices:
                await send(device, protocol.Conversation("c1"))
            for second in range(90):
                await send(devices[second % 2], audio(1, at=second, fill=b"%c" % second))
                await asyncio.sleep(1)
            await devices[0].close()
            await asyncio.sleep(1)
            await send(devices[1], audio(1, at=90))
            await devices[1].close()
            await asyncio.sleep(2)
            assert sum(one.bytes for one in bed.stored) == size(91)
            bed.assert_at_rest()

    run(scenario)


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (FaultMode.STATUS_500, "BackendError('storage: status 500')"),
        (FaultMode.CANCELS_CALLER, "CancelledError()"),
    ],
)
def test_a_failed_delivery_is_tried_again_ever_more_rarely_and_afresh_after_a_success(
    run, path, monkeypatch, caplog, mode, error
):
    async def scenario():
        async with shipped_pod(path) as bed:
            attempts = spy_on_uploads(bed, monkeypatch)
            (ada,) = await speakers(bed, "ada")
            for turn in range(2):
                await bed.fail(Backend.STORAGE, mode)
                attempts.clear()
                await ada.say(1)
                await ada.turn_to(f"next-{turn}")
                await asyncio.sleep(110)
                await bed.recover(Backend.STORAGE)
                await asyncio.sleep(30)
                times = [one.at for one in attempts]
                pauses = [later - at for at, later in pairwise(times)]
                assert pauses == [*config.DELIVERY_BACKOFF, 30, 30, 30]
                assert len({one.audio for one in attempts}) == 1
            assert arrived(bed.stored) == ada.said

    run(scenario)
    assert set(troubles(caplog.records)) == {f"ada: not delivered, to be tried again: {error}"}


def test_what_waited_arrives_within_the_deadline_and_the_longest_pause(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(bed, "ada")
            await ada.say(1)
            await ada.leave()
            await asyncio.sleep(630.5)  # in the middle of an attempt
            assert bed.clients.uploads.busy == 1
            await bed.recover(Backend.STORAGE)
            await asyncio.sleep(BACK_WITHIN)
            assert arrived(bed.stored) == ada.said
            assert bed.clients.uploads.busy == 0

    run(scenario)


def test_deliveries_are_of_a_minute_again_after_an_outage(run, path):
    """And not of whatever has come in a second, for ever."""

    async def scenario():
        async with shipped_pod(path) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(bed, "ada")
            await ada.speak(70)
            await bed.recover(Backend.STORAGE)
            await ada.speak(300)
            assert len(bed.stored) <= 7
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(bed.stored) == ada.said

    run(scenario)


def test_storage_that_hangs_for_one_user_does_not_hold_up_the_others(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            ada, bob = await speakers(bed, "ada", "bob")
            storage = bed.backends[Backend.STORAGE]
            await storage.fail(FaultMode.NEVER_ANSWERS, uid="ada")
            for number in range(3 * config.STORAGE_WORKERS):
                await ada.turn_to(f"many-{number}")
                await ada.say(1)
            await asyncio.sleep(2)
            assert bed.clients.uploads.busy == config.STORAGE_WORKERS
            for number in range(10):
                await bob.turn_to(f"few-{number}")
                await bob.speak(5)
            await bob.leave()
            await asyncio.sleep(2 * config.UPLOAD_DEADLINE)
            assert arrived(bed.stored) == bob.said
            await storage.recover()
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(bed.stored) == all_said(ada, bob)

    run(scenario)


def test_upload_workers_come_back_at_their_deadline_and_as_published_never_do(run, path):
    async def hang_all_workers(bed: Bed) -> None:
        await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
        uids = [f"user-{n}" for n in range(config.STORAGE_WORKERS)]
        everybody = await speakers(bed, *uids)
        for one in everybody:
            await one.say(60)
        await asyncio.sleep(2)
        assert bed.clients.uploads.busy == config.STORAGE_WORKERS
        await asyncio.sleep(120)
        held.append(bed.clients.uploads.busy_for(config.UPLOAD_DEADLINE))
        await bed.recover(Backend.STORAGE)
        for one in everybody:
            await one.leave()
        await asyncio.sleep(IN_THE_END)
        held.append(bed.clients.uploads.busy)

    async def as_shipped():
        async with shipped_pod(path) as bed:
            await hang_all_workers(bed)
            assert bed.clients.uploads.abandoned_bytes == 0

    async def as_published():
        async with serve_bed(FIX) as bed:
            await hang_all_workers(bed)

    held: list[int] = []
    run(as_shipped)
    run(as_published)
    assert held == [0, 0, 16, 16]


def memory_of(session: PusherSession) -> int:
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith(session.name)]
    of_the_pod = (PusherClients, Service, UploadPool, PusherMetrics, SpoolUploader, Spool)
    return retained_bytes(session, *tasks, exclude=of_the_pod)


def test_a_session_holds_no_audio_however_long_storage_hangs(run, path):
    async def held_after_ten_minutes(bed: Bed) -> int:
        await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
        (ada,) = await speakers(bed, "ada")
        await ada.speak(600)
        return memory_of(bed.sessions[0])

    async def as_shipped():
        async with shipped_pod(path) as bed:
            assert await held_after_ten_minutes(bed) < size(2 * FRAME_SECONDS)
            assert bed.spool.size == size(600)

    async def as_published():
        async with serve_bed(FIX) as bed:
            assert await held_after_ten_minutes(bed) > size(600)

    run(as_shipped)
    run(as_published)


def test_what_the_pod_says_of_its_spool_is_what_is_in_it(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(bed, "ada")
            await ada.speak(90)
            assert value(bed.pusher, "pusher_spool_bytes") == size(90)
            assert value(bed.pusher, "pusher_audio_stored_bytes_total") == 0
            await bed.recover(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            await ada.leave()
            await asyncio.sleep(1)
            assert value(bed.pusher, "pusher_spool_bytes") == 0
            assert value(bed.pusher, "pusher_audio_stored_bytes_total") == size(90)
            bed.assert_audio_adds_up()

    run(scenario)


def test_private_cloud_switched_off_puts_nothing_into_the_spool(run, path):
    async def scenario():
        async with shipped_pod(path, features=Features(private_cloud=False)) as bed:
            (ada,) = await speakers(bed, "ada")
            await ada.speak(90)
            await ada.leave()
            await asyncio.sleep(2)
            assert (bed.stored, bed.spool.size, bed.pusher.metrics.received_bytes) == ([], 0, 0)

    run(scenario)


# --- a spool that is full, or broken --------------------------------------------------------------


def refusals(bed: Bed) -> float:
    return value(bed.pusher, "pusher_spool_full_total")


def test_a_full_spool_turns_nobody_away_who_puts_nothing_into_it(run, path):
    async def scenario():
        with Spool(path, SMALL_SPOOL) as spool:
            spool.append(Key("bob", "c1"), 0.0, bytes(SMALL_SPOOL))
            assert spool.full
        async with shipped_pod(path, SMALL_SPOOL, features=Features(private_cloud=False)) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(bed, "ada")
            await ada.speak(10)
            assert (bed.gauge, bed.tcp(), refusals(bed)) == (1, 1, 0)
            await ada.leave()

    run(scenario)


async def speak_until_cut_off(ada: Speaker) -> None:
    with pytest.raises(ConnectionClosed):
        await ada.speak(86_400)
    assert (ada.device.close_code, ada.device.close_reason) == (1013, "try again later")


def test_a_full_spool_closes_sessions_and_refuses_new_ones_loudly_until_it_has_drained(
    run, path, caplog
):
    async def scenario():
        async with shipped_pod(path, SMALL_SPOOL) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(bed, "ada")
            await speak_until_cut_off(ada)
            await asyncio.sleep(AT_ONCE)
            assert (bed.gauge, bed.tcp(), session_tasks()) == (0, 0, [])
            assert SMALL_SPOOL - size(FRAME_SECONDS) < bed.spool.size <= SMALL_SPOOL
            assert bed.dropped == {"spool_full": size(FRAME_SECONDS)}
            assert refusals(bed) == 1
            kept: Told = Counter({Key("ada", "c1"): bed.spool.size})

            refused = await bed.connect("bob")
            await refused.wait_closed()
            assert (refused.close_code, refused.close_reason) == (1013, "try again later")
            assert refusals(bed) == 2

            await bed.recover(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            assert bed.spool.size == 0
            assert arrived(bed.stored) == kept

            (bob,) = await speakers(bed, "bob")
            await bob.speak(30)
            await bob.leave()
            await asyncio.sleep(2)
            assert arrived(bed.stored) == kept + bob.said
            assert refusals(bed) == 2
            bed.assert_at_rest()

    run(scenario)
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors == [
        "ada: closed with 1013: the spool or its disk is full: 3,120,000 bytes of audio are unsent",
        "bob: refused with 1013: <Spool spool: 3,120,000 of 3,145,728 B>",
    ]


def test_what_comes_in_a_burst_after_the_spool_is_full_is_counted_and_leaves_no_gap(run, path):
    async def scenario():
        async with shipped_pod(path, SMALL_SPOOL) as bed:
            await bed.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(bed, "ada")
            for _ in range(100):
                await ada.say(4)
            await ada.say(0.01)  # which would fit
            sent = ada.said.total()
            async with asyncio.timeout(config.WS_CLOSE_TIMEOUT / 2):
                await ada.device.wait_closed()
                await asyncio.wait(bed.handlers)
            assert ada.device.close_code == 1013
            assert (bed.gauge, bed.tcp()) == (0, 0)
            assert bed.spool.size == SMALL_SPOOL // size(4) * size(4)
            assert bed.dropped == {"spool_full": sent - bed.spool.size}
            kept: Told = Counter({Key("ada", "c1"): bed.spool.size})
            await bed.recover(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            assert arrived(bed.stored) == kept
            bed.assert_audio_adds_up()

    run(scenario)


def test_a_spool_that_breaks_closes_sessions_loudly_and_counts_what_is_not_kept(run, path, caplog):
    async def scenario():
        async with shipped_pod(path) as bed:
            (ada,) = await speakers(bed, "ada")
            await ada.speak(30)
            bed.spool.close()
            await speak_until_cut_off(ada)
            await asyncio.sleep(AT_ONCE)
            assert (bed.gauge, bed.tcp(), refusals(bed)) == (0, 0, 1)
            assert bed.dropped == {"spool_full": size(FRAME_SECONDS)}
            await asyncio.sleep(120)

    run(scenario)
    closed = "spool: the spool is closed"
    first, *later = troubles(caplog.records)
    assert first == f"ada: closed with 1013: {closed}"
    assert set(later) == {f"the spool does not work: {closed}"}
    with Spool(path, SMALL_SPOOL) as spool:
        assert spool.size == size(30)


# --- a pod that is stopped, and the next one ------------------------------------------------------


@pytest.mark.parametrize("outage", ["hangs", "500", "refuses", "answer lost", "slow"])
def test_a_pod_that_stops_keeps_what_is_unsent_and_the_next_one_delivers_it_once(run, path, outage):
    async def scenario():
        async with shipped_pod(path) as bed:
            everybody = await speakers(bed, "ada", "bob")
            async with OUTAGES[outage](bed):
                await together(150, *everybody)
                before = now()
                await bed.pusher.stop()
                assert now() - before <= config.WS_CLOSE_TIMEOUT
                bed.assert_audio_adds_up()
                assert (bed.gauge, bed.tcp(), bed.dropped) == (0, 0, {})
                assert bed.spool.size > 0
            async with next_pod(bed, path) as pusher:
                await asyncio.sleep(IN_THE_END)
                assert arrived(bed.stored) == all_said(*everybody)
                assert value(pusher, "pusher_spool_bytes") == 0

    run(scenario)


def test_a_pod_that_was_stopped_leaves_the_spool_alone(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            (ada,) = await speakers(bed, "ada")
            async with OUTAGES["500"](bed):
                await ada.speak(90)
                await bed.pusher.stop()
            await asyncio.sleep(IN_THE_END)
            assert (bed.stored, bed.spool.size) == ([], size(90))
            bed.assert_at_rest()

    run(scenario)


def test_a_pod_that_stops_in_an_outage_loses_what_is_unsent_as_published(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            everybody = await speakers(bed, "ada", "bob")
            async with OUTAGES["500"](bed):
                await together(150, *everybody)
                await bed.pusher.stop()
            assert bed.stored == []
            assert bed.dropped == {"session_ended": 2 * size(150)}

    run(scenario)


def test_a_pod_that_stops_and_starts_while_storage_is_well_delivers_everything_once(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            everybody = await speakers(bed, "ada", "bob")
            await together(130, *everybody)
            await bed.pusher.stop()
            async with next_pod(bed, path):
                await asyncio.sleep(2)
                assert arrived(bed.stored) == all_said(*everybody)

    run(scenario)


# --- deadlines ------------------------------------------------------------------------------------

CALLS: dict[Backend, Callable[[PusherClients], Awaitable[object]]] = {
    Backend.STORAGE: lambda clients: clients.upload(Batch("ada", "c1", 0.0, b"audio")),
    Backend.TRANSCRIPT_WEBHOOK: lambda clients: clients.send_transcript("ada", []),
    Backend.AUDIO_WEBHOOK: lambda clients: clients.send_audio("ada", b"audio"),
    Backend.SPEAKER_SAMPLES: lambda clients: clients.take_speaker_sample("ada", "p", "c1", []),
    Backend.CONVERSATIONS: lambda clients: clients.process_conversation("ada", "c1", "en"),
    Backend.USERS: lambda clients: clients.features("ada"),
}
"""One call of each service."""
WITHOUT_A_DEADLINE = {
    FaultMode.NEVER_ANSWERS: {Backend.STORAGE},
    FaultMode.TRICKLES: {Backend.STORAGE, Backend.TRANSCRIPT_WEBHOOK, Backend.AUDIO_WEBHOOK},
}
"""As published: what a fault can hold for ever."""


async def seconds_of_a_call(clients: ClientSettings, backend: Backend, mode: FaultMode) -> float:
    """How long a client waits for a service that fails so; infinity is more than an hour."""
    async with serve_bed(FIX.with_clients(clients)) as bed:
        await bed.fail(backend, mode)
        began = now()
        try:
            async with asyncio.timeout(3600):
                await CALLS[backend](bed.clients)
        except BackendError:
            return now() - began
        except TimeoutError:
            return math.inf


def test_every_service_has_a_deadline_and_the_shipped_version_uses_them():
    assert set(DEADLINES.timeouts) == set(Backend)
    assert all(0 < timeout.total < math.inf for timeout in DEADLINES.timeouts.values())
    assert SHIPPED.pusher.clients is DEADLINES
    assert SHIPPED.listen.clients is DEADLINES
    assert FIX.pusher.clients is PUBLISHED


@pytest.mark.parametrize("mode", WITHOUT_A_DEADLINE)
@pytest.mark.parametrize("backend", PUSHER_BACKENDS)
def test_every_call_ends_at_its_deadline_where_as_published_some_never_do(run, backend, mode):
    took = run(lambda: seconds_of_a_call(DEADLINES, backend, mode))
    assert took == DEADLINES.timeouts[backend].total
    published = run(lambda: seconds_of_a_call(PUBLISHED, backend, mode))
    assert (published == math.inf) == (backend in WITHOUT_A_DEADLINE[mode])


def test_what_a_session_waits_for_at_its_end_has_a_deadline_below_its_drain():
    """Else a drain would cut off what the deadline was to end."""
    ends_on_its_own = set(Backend) - {Backend.CONVERSATIONS, Backend.USERS}
    longest = max(DEADLINES.timeouts[backend].total for backend in ends_on_its_own)
    assert longest <= config.BG_DRAIN_TIMEOUT


def test_a_session_whose_webhook_trickles_ends_by_the_webhooks_deadline(run, path):
    async def scenario():
        async with shipped_pod(path) as bed:
            await bed.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.TRICKLES)
            (ada,) = await speakers(bed, "ada")
            await send(ada.device, protocol.Transcript([{"text": "hello"}], None))
            await asyncio.sleep(1)
            await ada.leave()
            await asyncio.sleep(config.WEBHOOK_DEADLINE - 0.5)
            assert (bed.gauge, bed.tcp()) == (1, 0)
            await asyncio.sleep(1)
            bed.assert_at_rest()

    run(scenario)


# --- requests of type 104 -------------------------------------------------------------------------


@asynccontextmanager
async def pod_of(variant: Variant, path: Path) -> AsyncIterator[Bed]:
    opened = shipped_pod(path) if variant is SHIPPED else serve_bed(variant)
    async with opened as bed:
        yield bed


@pytest.mark.parametrize(
    ("variant", "takes", "processed", "ends_after"),
    [
        (SHIPPED, 20.0, 2, 20.0),
        (SHIPPED, 40.0, 0, config.BG_DRAIN_TIMEOUT),
        (FIX, 20.0, 0, 0.0),
    ],
    ids=["shipped", "shipped, too slow", "supervised"],
)
def test_requests_in_flight_at_a_disconnect_are_finished_where_as_published_they_are_cancelled(
    run, path, variant, takes, processed, ends_after
):
    async def scenario():
        async with pod_of(variant, path) as bed:
            await bed.fail(Backend.CONVERSATIONS, FaultMode.SLOW, seconds=takes)
            device = await bed.connect()
            await send(device, *(protocol.ProcessConversation(f"c{n}", "en") for n in range(2)))
            await asyncio.sleep(0.5)
            await device.close()
            left = now()
            await asyncio.wait(bed.handlers)
            assert now() - left == pytest.approx(ends_after, abs=0.5)
            await asyncio.sleep(60)
            assert len(bed.backends[Backend.CONVERSATIONS].received) == processed
            bed.assert_at_rest()

    run(scenario)


def test_more_conversations_than_workers_are_delivered_as_fast_as_workers_are_free(run, path):
    """Not sixteen a second, which is what a look each second would come to."""

    async def scenario():
        async with shipped_pod(path) as bed:
            many = await speakers(bed, *(f"user-{number}" for number in range(40)))
            for one in many:
                await one.say(1)
            for one in many:
                await one.leave()
            await asyncio.sleep(1.1)
            assert len(bed.stored) == len(many)
            assert bed.held == 0

    run(scenario)
