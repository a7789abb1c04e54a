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
from pod import Pod, audio, now, send, serve_pod, session_tasks, size, spy_on_uploads, troubles
from speech import FRAME_SECONDS, Speaker, Told, all_said, arrived, speakers, together
from websockets.exceptions import ConnectionClosed

from ghosts import settings
from ghosts.backends import (
    DEADLINES,
    OF_THE_PUSHER,
    PUBLISHED,
    SHIPPED,
    Backend,
    BackendError,
    Batch,
    Clients,
    ClientSettings,
    FaultMode,
    Features,
    Service,
    WorkerPool,
    connect_clients,
)
from ghosts.pusher import (
    Lifecycle,
    Metrics,
    Pusher,
    Session,
    Spool,
    client_settings_of,
    serve_pusher,
    shipped,
    supervised,
    wire,
)
from ghosts.pusher.courier import Courier
from ghosts.pusher.spool import Key
from tracemalloc_ext import retained_bytes

Outage: TypeAlias = Callable[[Pod], AbstractAsyncContextManager[None]]

AT_ONCE = 0.001
BACK_WITHIN = settings.UPLOAD_DEADLINE + settings.DELIVERY_BACKOFF[-1] + 2
"""Seconds after storage is well again: the last attempt, the longest pause, and two looks."""
IN_THE_END = 300
"""Seconds, some times as many, in which all has arrived, also from conversations that go on."""
WITHIN_SUPERVISED = 45
SMALL_SPOOL = 3 * 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.sqlite"


@asynccontextmanager
async def shipped_pod(
    path: Path, max_bytes: int = settings.SPOOL_MAX_BYTES, features: Features | None = None
) -> AsyncIterator[Pod]:
    with Spool(path, max_bytes) as spool:
        async with serve_pod(shipped, features, settings=SHIPPED, spool=spool) as pod:
            yield pod


@asynccontextmanager
async def next_pod(pod: Pod, path: Path) -> AsyncIterator[Pusher]:
    """A pod in the place of one that was stopped: the same storage and spool, and all else new."""
    pod.spool.close()
    with Spool(path, settings.SPOOL_MAX_BYTES) as spool:
        async with (
            connect_clients(pod.backends.addresses, SHIPPED) as clients,
            serve_pusher(shipped, clients, spool) as pusher,
        ):
            yield pusher


def value(pusher: Pusher, metric: str) -> float:
    return pusher.metrics.registry.get_sample_value(metric)


@asynccontextmanager
async def failing(mode: FaultMode, pod: Pod, *, seconds: float = 10.0) -> AsyncIterator[None]:
    await pod.fail(Backend.STORAGE, mode, seconds=seconds)
    yield
    await pod.heal(Backend.STORAGE)


@asynccontextmanager
async def flapping(pod: Pod) -> AsyncIterator[None]:
    """A minute down, 20 s up, a minute hung, 20 s up, and so on."""

    async def flap() -> None:
        while True:
            for mode in (FaultMode.REFUSES, FaultMode.NEVER_ANSWERS):
                async with failing(mode, pod):
                    await asyncio.sleep(60)
                await asyncio.sleep(20)

    task = asyncio.create_task(flap())
    yield
    task.cancel()
    await asyncio.wait([task])
    await pod.heal(Backend.STORAGE)


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
    pod: Pod, outage: AbstractAsyncContextManager[None], within: float
) -> list[Speaker]:
    """Three devices talk on while storage fails for five minutes. In the end all have left.

    They switch conversations; one leaves in the middle, and comes back into the same one. Sessions
    have ended ``within`` that many seconds after their devices have left.
    """
    ada, bob, eve = everybody = await speakers(pod, "ada", "bob", "eve")
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
        assert (pod.gauge, pod.tcp()) == (2, 2)
        await together(60, ada, eve)
        await bob.arrive("c4")
        await together(75, *everybody)
    await together(30, *everybody)
    for one in everybody:
        await one.leave()
    await asyncio.sleep(within)
    assert (pod.gauge, pod.tcp(), session_tasks()) == (0, 0, [])
    return everybody


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_everything_arrives_once_and_in_order_and_nothing_is_held_however_storage_fails(
    run, path, caplog, outage
):
    async def scenario():
        async with shipped_pod(path) as pod:
            everybody = await talk_through(pod, outage(pod), AT_ONCE)
            await asyncio.sleep(IN_THE_END)
            assert arrived(pod.stored) == all_said(*everybody)
            assert pod.dropped == {}
            assert (pod.spool.size, pod.clients.uploads.busy) == (0, 0)
            pod.assert_at_rest()

    run(scenario)
    troubles(caplog.records)


def harm_done(pod: Pod, everybody: list[Speaker]) -> set[str]:
    harm = {
        "lost": all_said(*everybody).total() - pod.backends.stored_bytes,
        "stored twice": pod.backends.stored_twice_bytes,
        "workers held": pod.clients.uploads.busy,
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
        async with serve_pod(supervised) as pod:
            everybody = await talk_through(pod, OUTAGES[outage](pod), WITHIN_SUPERVISED)
            await asyncio.sleep(3600)
            assert harm_done(pod, everybody) == harm

    run(scenario)


@pytest.mark.parametrize("outage", ["garbage", "library cancels"])
def test_an_answer_that_nobody_expects_cuts_devices_off_as_published_and_loses_audio(run, outage):
    async def scenario():
        async with serve_pod(supervised) as pod:
            (ada,) = await speakers(pod, "ada")
            async with OUTAGES[outage](pod):
                with pytest.raises(ConnectionClosed):
                    await ada.speak(120)
            await asyncio.sleep(3600)
            assert pod.backends.stored_bytes == 0 < sum(pod.dropped.values())

    run(scenario)


def test_audio_before_any_conversation_is_named_is_delivered_and_dropped_as_published(run, path):
    async def scenario(pod: Pod) -> Speaker:
        (ada,) = await speakers(pod, "ada", conversation_id=None)
        await ada.speak(90)
        await ada.turn_to("c1")
        await ada.speak(30)
        await ada.leave()
        await asyncio.sleep(2)
        return ada

    async def as_shipped():
        async with shipped_pod(path) as pod:
            ada = await scenario(pod)
            assert (
                arrived(pod.stored) == ada.said == {("ada", ""): size(90), ("ada", "c1"): size(30)}
            )

    async def as_published():
        async with serve_pod(supervised) as pod:
            await scenario(pod)
            assert pod.dropped == {"no_conversation": size(90)}

    run(as_shipped)
    run(as_published)


def test_deliveries_are_of_a_minute_as_published_and_go_when_a_conversation_is_over(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            (ada,) = await speakers(pod, "ada")
            await ada.speak(60)
            await asyncio.sleep(1)
            assert [one.bytes for one in pod.stored] == [settings.SPOOL_BATCH_BYTES]
            await ada.speak(10)
            await ada.turn_to("c2")
            await asyncio.sleep(1.5)
            assert [one.bytes for one in pod.stored[1:]] == [size(10)]
            await ada.say(5)
            await asyncio.sleep(settings.SPOOL_BATCH_AGE - 1)
            assert len(pod.stored) == 2
            await asyncio.sleep(2)
            assert [one.bytes for one in pod.stored[2:]] == [size(5)]
            await ada.say(3)
            await ada.leave()
            await asyncio.sleep(1.5)
            assert [one.bytes for one in pod.stored[3:]] == [size(3)]
            assert arrived(pod.stored) == ada.said

    run(scenario)


def test_what_an_outage_has_left_of_a_conversation_goes_before_what_was_said_since(run, path):
    """A device comes back into a conversation that is being tried again."""

    async def scenario():
        async with shipped_pod(path) as pod:
            (ada,) = await speakers(pod, "ada")
            await pod.fail(Backend.STORAGE, FaultMode.STATUS_500)
            for _ in range(5):
                await ada.speak(35)
                await ada.leave()
                await asyncio.sleep(10)
                await ada.arrive("c1")
            await pod.heal(Backend.STORAGE)
            await ada.speak(60)
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(pod.stored) == ada.said == {("ada", "c1"): size(235)}

    run(scenario)


def test_two_devices_of_a_user_in_one_conversation_lose_nothing(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            devices = [await pod.connect("ada") for _ in range(2)]
            for device in devices:
                await send(device, wire.Conversation("c1"))
            for second in range(90):
                await send(devices[second % 2], audio(1, at=second, fill=b"%c" % second))
                await asyncio.sleep(1)
            await devices[0].close()
            await asyncio.sleep(1)
            await send(devices[1], audio(1, at=90))
            await devices[1].close()
            await asyncio.sleep(2)
            assert sum(one.bytes for one in pod.stored) == size(91)
            pod.assert_at_rest()

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
        async with shipped_pod(path) as pod:
            attempts = spy_on_uploads(pod, monkeypatch)
            (ada,) = await speakers(pod, "ada")
            for turn in range(2):
                await pod.fail(Backend.STORAGE, mode)
                attempts.clear()
                await ada.say(1)
                await ada.turn_to(f"next-{turn}")
                await asyncio.sleep(110)
                await pod.heal(Backend.STORAGE)
                await asyncio.sleep(30)
                times = [one.at for one in attempts]
                pauses = [later - at for at, later in pairwise(times)]
                assert pauses == [*settings.DELIVERY_BACKOFF, 30, 30, 30]
                assert len({one.audio for one in attempts}) == 1
            assert arrived(pod.stored) == ada.said

    run(scenario)
    assert set(troubles(caplog.records)) == {f"ada: not delivered, to be tried again: {error}"}


def test_what_waited_arrives_within_the_deadline_and_the_longest_pause(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(pod, "ada")
            await ada.say(1)
            await ada.leave()
            await asyncio.sleep(630.5)  # in the middle of an attempt
            assert pod.clients.uploads.busy == 1
            await pod.heal(Backend.STORAGE)
            await asyncio.sleep(BACK_WITHIN)
            assert arrived(pod.stored) == ada.said
            assert pod.clients.uploads.busy == 0

    run(scenario)


def test_deliveries_are_of_a_minute_again_after_an_outage(run, path):
    """And not of whatever has come in a second, for ever."""

    async def scenario():
        async with shipped_pod(path) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(pod, "ada")
            await ada.speak(70)
            await pod.heal(Backend.STORAGE)
            await ada.speak(300)
            assert len(pod.stored) <= 7
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(pod.stored) == ada.said

    run(scenario)


def test_storage_that_hangs_for_one_user_does_not_hold_up_the_others(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            ada, bob = await speakers(pod, "ada", "bob")
            storage = pod.backends[Backend.STORAGE]
            await storage.fail(FaultMode.NEVER_ANSWERS, uid="ada")
            for number in range(3 * settings.STORAGE_WORKERS):
                await ada.turn_to(f"many-{number}")
                await ada.say(1)
            await asyncio.sleep(2)
            assert pod.clients.uploads.busy == settings.STORAGE_WORKERS
            for number in range(10):
                await bob.turn_to(f"few-{number}")
                await bob.speak(5)
            await bob.leave()
            await asyncio.sleep(2 * settings.UPLOAD_DEADLINE)
            assert arrived(pod.stored) == bob.said
            await storage.heal()
            await ada.leave()
            await asyncio.sleep(IN_THE_END)
            assert arrived(pod.stored) == all_said(ada, bob)

    run(scenario)


def test_upload_workers_come_back_at_their_deadline_and_as_published_never_do(run, path):
    async def hang_all_workers(pod: Pod) -> None:
        await pod.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
        uids = [f"user-{n}" for n in range(settings.STORAGE_WORKERS)]
        everybody = await speakers(pod, *uids)
        for one in everybody:
            await one.say(60)
        await asyncio.sleep(2)
        assert pod.clients.uploads.busy == settings.STORAGE_WORKERS
        await asyncio.sleep(120)
        held.append(pod.clients.uploads.busy_for(settings.UPLOAD_DEADLINE))
        await pod.heal(Backend.STORAGE)
        for one in everybody:
            await one.leave()
        await asyncio.sleep(IN_THE_END)
        held.append(pod.clients.uploads.busy)

    async def as_shipped():
        async with shipped_pod(path) as pod:
            await hang_all_workers(pod)
            assert pod.clients.uploads.abandoned_bytes == 0

    async def as_published():
        async with serve_pod(supervised) as pod:
            await hang_all_workers(pod)

    held: list[int] = []
    run(as_shipped)
    run(as_published)
    assert held == [0, 0, 16, 16]


def memory_of(session: Session) -> int:
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith(session.name)]
    of_the_pod = (Clients, Service, WorkerPool, Metrics, Courier, Spool)
    return retained_bytes(session, *tasks, exclude=of_the_pod)


def test_a_session_holds_no_audio_however_long_storage_hangs(run, path):
    async def held_after_ten_minutes(pod: Pod) -> int:
        await pod.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
        (ada,) = await speakers(pod, "ada")
        await ada.speak(600)
        return memory_of(pod.sessions[0])

    async def as_shipped():
        async with shipped_pod(path) as pod:
            assert await held_after_ten_minutes(pod) < size(2 * FRAME_SECONDS)
            assert pod.spool.size == size(600)

    async def as_published():
        async with serve_pod(supervised) as pod:
            assert await held_after_ten_minutes(pod) > size(600)

    run(as_shipped)
    run(as_published)


def test_what_the_pod_says_of_its_spool_is_what_is_in_it(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(pod, "ada")
            await ada.speak(90)
            assert value(pod.pusher, "pusher_spool_bytes") == size(90)
            assert value(pod.pusher, "pusher_audio_stored_bytes_total") == 0
            await pod.heal(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            await ada.leave()
            await asyncio.sleep(1)
            assert value(pod.pusher, "pusher_spool_bytes") == 0
            assert value(pod.pusher, "pusher_audio_stored_bytes_total") == size(90)
            pod.assert_audio_adds_up()

    run(scenario)


def test_private_cloud_switched_off_puts_nothing_into_the_spool(run, path):
    async def scenario():
        async with shipped_pod(path, features=Features(private_cloud=False)) as pod:
            (ada,) = await speakers(pod, "ada")
            await ada.speak(90)
            await ada.leave()
            await asyncio.sleep(2)
            assert (pod.stored, pod.spool.size, pod.pusher.metrics.received_bytes) == ([], 0, 0)

    run(scenario)


# --- a spool that is full, or broken --------------------------------------------------------------


def refusals(pod: Pod) -> float:
    return value(pod.pusher, "pusher_spool_full_total")


def test_a_full_spool_turns_nobody_away_who_puts_nothing_into_it(run, path):
    async def scenario():
        with Spool(path, SMALL_SPOOL) as spool:
            spool.append(Key("bob", "c1"), 0.0, bytes(SMALL_SPOOL))
            assert spool.full
        async with shipped_pod(path, SMALL_SPOOL, features=Features(private_cloud=False)) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(pod, "ada")
            await ada.speak(10)
            assert (pod.gauge, pod.tcp(), refusals(pod)) == (1, 1, 0)
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
        async with shipped_pod(path, SMALL_SPOOL) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
            (ada,) = await speakers(pod, "ada")
            await speak_until_cut_off(ada)
            await asyncio.sleep(AT_ONCE)
            assert (pod.gauge, pod.tcp(), session_tasks()) == (0, 0, [])
            assert SMALL_SPOOL - size(FRAME_SECONDS) < pod.spool.size <= SMALL_SPOOL
            assert pod.dropped == {"spool_full": size(FRAME_SECONDS)}
            assert refusals(pod) == 1
            kept: Told = Counter({Key("ada", "c1"): pod.spool.size})

            refused = await pod.connect("bob")
            await refused.wait_closed()
            assert (refused.close_code, refused.close_reason) == (1013, "try again later")
            assert refusals(pod) == 2

            await pod.heal(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            assert pod.spool.size == 0
            assert arrived(pod.stored) == kept

            (bob,) = await speakers(pod, "bob")
            await bob.speak(30)
            await bob.leave()
            await asyncio.sleep(2)
            assert arrived(pod.stored) == kept + bob.said
            assert refusals(pod) == 2
            pod.assert_at_rest()

    run(scenario)
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors == [
        "ada: closed with 1013: the spool or its disk is full: 3,120,000 bytes of audio are unsent",
        "bob: refused with 1013: <Spool spool.sqlite: 3,120,000 of 3,145,728 B>",
    ]


def test_what_comes_in_a_burst_after_the_spool_is_full_is_counted_and_leaves_no_gap(run, path):
    async def scenario():
        async with shipped_pod(path, SMALL_SPOOL) as pod:
            await pod.fail(Backend.STORAGE, FaultMode.STATUS_500)
            (ada,) = await speakers(pod, "ada")
            for _ in range(100):
                await ada.say(4)
            await ada.say(0.01)  # which would fit
            sent = ada.said.total()
            async with asyncio.timeout(settings.WS_CLOSE_TIMEOUT / 2):
                await ada.device.wait_closed()
                await asyncio.wait(pod.handlers)
            assert ada.device.close_code == 1013
            assert (pod.gauge, pod.tcp()) == (0, 0)
            assert pod.spool.size == SMALL_SPOOL // size(4) * size(4)
            assert pod.dropped == {"spool_full": sent - pod.spool.size}
            kept: Told = Counter({Key("ada", "c1"): pod.spool.size})
            await pod.heal(Backend.STORAGE)
            await asyncio.sleep(IN_THE_END)
            assert arrived(pod.stored) == kept
            pod.assert_audio_adds_up()

    run(scenario)


def test_a_spool_that_breaks_closes_sessions_loudly_and_counts_what_is_not_kept(run, path, caplog):
    async def scenario():
        async with shipped_pod(path) as pod:
            (ada,) = await speakers(pod, "ada")
            await ada.speak(30)
            pod.spool.close()
            await speak_until_cut_off(ada)
            await asyncio.sleep(AT_ONCE)
            assert (pod.gauge, pod.tcp(), refusals(pod)) == (0, 0, 1)
            assert pod.dropped == {"spool_full": size(FRAME_SECONDS)}
            await asyncio.sleep(120)

    run(scenario)
    closed = "spool.sqlite: Cannot operate on a closed database."
    first, *later = troubles(caplog.records)
    assert first == f"ada: closed with 1013: {closed}"
    assert set(later) == {f"the spool does not work: {closed}"}
    with Spool(path, SMALL_SPOOL) as spool:
        assert spool.size == size(30)


# --- a pod that is stopped, and the next one ------------------------------------------------------


@pytest.mark.parametrize("outage", ["hangs", "500", "refuses", "answer lost", "slow"])
def test_a_pod_that_stops_keeps_what_is_unsent_and_the_next_one_delivers_it_once(run, path, outage):
    async def scenario():
        async with shipped_pod(path) as pod:
            everybody = await speakers(pod, "ada", "bob")
            async with OUTAGES[outage](pod):
                await together(150, *everybody)
                before = now()
                await pod.pusher.stop()
                assert now() - before <= settings.WS_CLOSE_TIMEOUT
                pod.assert_audio_adds_up()
                assert (pod.gauge, pod.tcp(), pod.dropped) == (0, 0, {})
                assert pod.spool.size > 0
            async with next_pod(pod, path) as pusher:
                await asyncio.sleep(IN_THE_END)
                assert arrived(pod.stored) == all_said(*everybody)
                assert value(pusher, "pusher_spool_bytes") == 0

    run(scenario)


def test_a_pod_that_was_stopped_leaves_the_spool_alone(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            (ada,) = await speakers(pod, "ada")
            async with OUTAGES["500"](pod):
                await ada.speak(90)
                await pod.pusher.stop()
            await asyncio.sleep(IN_THE_END)
            assert (pod.stored, pod.spool.size) == ([], size(90))
            pod.assert_at_rest()

    run(scenario)


def test_a_pod_that_stops_in_an_outage_loses_what_is_unsent_as_published(run):
    async def scenario():
        async with serve_pod(supervised) as pod:
            everybody = await speakers(pod, "ada", "bob")
            async with OUTAGES["500"](pod):
                await together(150, *everybody)
                await pod.pusher.stop()
            assert pod.stored == []
            assert pod.dropped == {"session_ended": 2 * size(150)}

    run(scenario)


def test_a_pod_that_stops_and_starts_while_storage_is_well_delivers_everything_once(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            everybody = await speakers(pod, "ada", "bob")
            await together(130, *everybody)
            await pod.pusher.stop()
            async with next_pod(pod, path):
                await asyncio.sleep(2)
                assert arrived(pod.stored) == all_said(*everybody)

    run(scenario)


# --- deadlines ------------------------------------------------------------------------------------

CALLS: dict[Backend, Callable[[Clients], Awaitable[object]]] = {
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


async def seconds_of_a_call(settings_: ClientSettings, backend: Backend, mode: FaultMode) -> float:
    """How long a client waits for a service that fails so; infinity is more than an hour."""
    async with serve_pod(supervised, settings=settings_) as pod:
        await pod.fail(backend, mode)
        began = now()
        try:
            async with asyncio.timeout(3600):
                await CALLS[backend](pod.clients)
        except BackendError:
            return now() - began
        except TimeoutError:
            return math.inf


def test_every_service_has_a_deadline_and_the_shipped_version_uses_them():
    assert set(DEADLINES.timeouts) == set(Backend)
    assert all(0 < timeout.total < math.inf for timeout in DEADLINES.timeouts.values())
    assert client_settings_of(shipped) is SHIPPED
    assert SHIPPED.timeouts == DEADLINES.timeouts
    assert client_settings_of(supervised) is PUBLISHED


@pytest.mark.parametrize("mode", WITHOUT_A_DEADLINE)
@pytest.mark.parametrize("backend", OF_THE_PUSHER)
def test_every_call_ends_at_its_deadline_where_as_published_some_never_do(run, backend, mode):
    took = run(lambda: seconds_of_a_call(SHIPPED, backend, mode))
    assert took == DEADLINES.timeouts[backend].total
    published = run(lambda: seconds_of_a_call(PUBLISHED, backend, mode))
    assert (published == math.inf) == (backend in WITHOUT_A_DEADLINE[mode])


def test_what_a_session_waits_for_at_its_end_has_a_deadline_below_its_drain():
    """Else a drain would cut off what the deadline was to end."""
    ends_on_its_own = set(Backend) - {Backend.CONVERSATIONS, Backend.USERS}
    longest = max(DEADLINES.timeouts[backend].total for backend in ends_on_its_own)
    assert longest <= settings.BG_DRAIN_TIMEOUT


def test_a_session_whose_webhook_trickles_ends_by_the_webhooks_deadline(run, path):
    async def scenario():
        async with shipped_pod(path) as pod:
            await pod.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.TRICKLES)
            (ada,) = await speakers(pod, "ada")
            await send(ada.device, wire.Transcript([{"text": "hello"}], None))
            await asyncio.sleep(1)
            await ada.leave()
            await asyncio.sleep(settings.WEBHOOK_DEADLINE - 0.5)
            assert (pod.gauge, pod.tcp()) == (1, 0)
            await asyncio.sleep(1)
            pod.assert_at_rest()

    run(scenario)


# --- requests of type 104 -------------------------------------------------------------------------


@asynccontextmanager
async def pod_of(lifecycle: Lifecycle, path: Path) -> AsyncIterator[Pod]:
    opened = shipped_pod(path) if lifecycle is shipped else serve_pod(lifecycle)
    async with opened as pod:
        yield pod


@pytest.mark.parametrize(
    ("lifecycle", "takes", "processed", "ends_after"),
    [
        (shipped, 20.0, 2, 20.0),
        (shipped, 40.0, 0, settings.BG_DRAIN_TIMEOUT),
        (supervised, 20.0, 0, 0.0),
    ],
    ids=["shipped", "shipped, too slow", "supervised"],
)
def test_requests_in_flight_at_a_disconnect_are_finished_where_as_published_they_are_cancelled(
    run, path, lifecycle, takes, processed, ends_after
):
    async def scenario():
        async with pod_of(lifecycle, path) as pod:
            await pod.fail(Backend.CONVERSATIONS, FaultMode.SLOW, seconds=takes)
            device = await pod.connect()
            await send(device, *(wire.ProcessConversation(f"c{n}", "en") for n in range(2)))
            await asyncio.sleep(0.5)
            await device.close()
            left = now()
            await asyncio.wait(pod.handlers)
            assert now() - left == pytest.approx(ends_after, abs=0.5)
            await asyncio.sleep(60)
            assert len(pod.backends[Backend.CONVERSATIONS].received) == processed
            pod.assert_at_rest()

    run(scenario)


def test_more_conversations_than_workers_are_delivered_as_fast_as_workers_are_free(run, path):
    """Not sixteen a second, which is what a look each second would come to."""

    async def scenario():
        async with shipped_pod(path) as pod:
            many = await speakers(pod, *(f"user-{number}" for number in range(40)))
            for one in many:
                await one.say(1)
            for one in many:
                await one.leave()
            await asyncio.sleep(1.1)
            assert len(pod.stored) == len(many)
            assert pod.held == 0

    run(scenario)
