"""Every fault mode of a backend, seen through the services' own clients and their deadlines."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import psutil
import pytest
from bed import now

from ghosts import config
from ghosts.backends import BACKENDS, Backend
from ghosts.clients import (
    BackendError,
    Batch,
    Features,
    ListenClients,
    PusherClients,
    connect_listen_clients,
    connect_pusher_clients,
)
from ghosts.records.fault import Fault, FaultMode
from ghosts.simulation.backends import Backends, serve_backends
from ghosts.simulation.faults import BEHAVIOURS

Call: TypeAlias = Callable[[Any, str], Awaitable[object]]
CALLS: Final[dict[Backend, Call]] = {
    Backend.STORAGE: lambda clients, uid: clients.upload(Batch(uid, "c", 0.5, b"pcm")),
    Backend.TRANSCRIPT_WEBHOOK: lambda clients, uid: clients.send_transcript(uid, [{"text": "hi"}]),
    Backend.AUDIO_WEBHOOK: lambda clients, uid: clients.send_audio(uid, b"pcm"),
    Backend.SPEAKER_SAMPLES: lambda clients, uid: clients.take_speaker_sample(uid, "p", "c", ["s"]),
    Backend.CONVERSATIONS: lambda clients, uid: clients.process_conversation(uid, "c", "en"),
    Backend.USERS: lambda clients, uid: clients.features(uid),
    Backend.SPEECH_TO_TEXT: lambda clients, uid: clients.hear(uid, b"pcm"),
    Backend.PEOPLE: lambda clients, uid: clients.who_speaks(uid, "speaker-1"),
    Backend.APPS: lambda clients, uid: clients.tell_app(uid, "notes", [{"text": "hi"}]),
    Backend.USAGE: lambda clients, uid: clients.record_usage(uid, 60.0),
}
WEBHOOKS: Final = (Backend.TRANSCRIPT_WEBHOOK, Backend.AUDIO_WEBHOOK, Backend.APPS)
TOTAL_DEADLINES: Final = {
    Backend.SPEAKER_SAMPLES: config.SPEAKER_SAMPLES_TIMEOUT,
    Backend.CONVERSATIONS: config.CONVERSATION_TIMEOUT,
    Backend.USERS: config.USERS_TIMEOUT,
    Backend.PEOPLE: config.USERS_TIMEOUT,
    Backend.USAGE: config.USERS_TIMEOUT,
}
FIFTEEN_SECONDS: Final = (*WEBHOOKS, Backend.USERS, Backend.PEOPLE, Backend.USAGE)
NO_DEADLINE: Final = (Backend.STORAGE, Backend.SPEECH_TO_TEXT)
"""Backends whose client has no deadline, as published."""
INDEFINITELY: Final = 5_000.0
"""Seconds after which a call that has not ended is taken to wait indefinitely."""
OF_A_BACKEND: Final = [mode for mode in BEHAVIOURS if BEHAVIOURS[mode].around_call is None]
OF_A_CLIENT: Final = [mode for mode in BEHAVIOURS if BEHAVIOURS[mode].around_call is not None]
OF_ONE_USER: Final = [mode for mode in OF_A_BACKEND if not BEHAVIOURS[mode].closes_port]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


class EveryClient:
    """Those of the pusher and those of listen."""

    def __init__(self, *clients: PusherClients | ListenClients) -> None:
        self._clients = clients

    def __getattr__(self, name: str) -> Any:
        return next(getattr(one, name) for one in self._clients if hasattr(one, name))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Backends, EveryClient]]:
    async with (
        serve_backends(names=BACKENDS) as backends,
        connect_pusher_clients(backends.addresses) as clients,
        connect_listen_clients(backends.addresses) as listen_clients,
    ):
        yield backends, EveryClient(clients, listen_clients)


async def outcome(call: Awaitable[object]) -> tuple[str, float]:
    """How a call ended (its exception's name, "answered", or "waits"), and when."""
    began = now()
    try:
        async with asyncio.timeout(INDEFINITELY):
            await call
    except TimeoutError:
        return "waits", now() - began
    except (BackendError, ValueError) as error:
        return type(error).__name__, now() - began
    return "answered", now() - began


@pytest.mark.parametrize("mode", [FaultMode.STATUS_500, FaultMode.RESETS, FaultMode.REFUSES])
def test_a_failure_is_a_backend_error_at_once_and_recovery_is_on_the_same_port(run, backend, mode):
    async def scenario():
        async with served() as (backends, clients):
            server, call = backends[backend], CALLS[backend]
            url = server.url
            await call(clients, "ada")  # so that there is a kept connection to be cut
            await server.fail(mode)
            for _ in range(2):
                with pytest.raises(BackendError, match=f"^{backend}: "):
                    await call(clients, "ada")
            assert now() == 0
            await server.recover()
            await call(clients, "ada")
            assert server.url == url
            assert [one.uid for one in server.received] == ["ada", "ada"]

    run(scenario)


def test_an_answer_that_is_not_json_is_an_error_of_the_parser(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.GARBAGE)
            assert await outcome(CALLS[backend](clients, "ada")) == ("JSONDecodeError", 0)

    run(scenario)


def test_without_an_answer_each_client_waits_until_its_deadline_and_two_have_none(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.NEVER_ANSWERS)
            deadline = TOTAL_DEADLINES.get(backend, config.WEBHOOK_READ_TIMEOUT)
            expected = ("BackendError", deadline)
            if backend in NO_DEADLINE:
                expected = ("waits", INDEFINITELY)
            assert await outcome(CALLS[backend](clients, "ada")) == expected

    run(scenario)


@pytest.mark.parametrize("seconds", [14, 16])
def test_a_slow_answer_is_an_answer_within_the_deadline(run, backend, seconds):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.SLOW, seconds=seconds)
            too_slow = seconds > 15 and backend in FIFTEEN_SECONDS
            expected = ("BackendError", 15) if too_slow else ("answered", seconds)
            assert await outcome(CALLS[backend](clients, "ada")) == expected

    run(scenario)


def test_a_trickle_outlasts_the_read_timeout_of_a_webhook_but_no_total_deadline(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.TRICKLES, seconds=10)
            expected = ("waits", INDEFINITELY)
            if backend in TOTAL_DEADLINES:
                expected = ("BackendError", TOTAL_DEADLINES[backend])
            assert await outcome(CALLS[backend](clients, "ada")) == expected

    run(scenario)


@pytest.mark.parametrize("backend", WEBHOOKS)
def test_a_trickle_with_gaps_above_the_read_timeout_does_not_outlast_it(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.TRICKLES, seconds=16)
            assert await outcome(CALLS[backend](clients, "ada")) == ("BackendError", 15)

    run(scenario)


def test_a_webhook_that_cannot_be_reached_costs_two_seconds(run):
    async def scenario():
        with socket.socket() as deaf, socket.socket() as fills_its_queue:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            fills_its_queue.connect(deaf.getsockname())
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
            async with connect_pusher_clients(dict.fromkeys(BACKENDS, url)) as clients:
                call = clients.send_transcript("ada", [])
                assert await outcome(call) == ("BackendError", config.WEBHOOK_CONNECT_TIMEOUT)

    run(scenario)


@pytest.mark.parametrize("mode", OF_ONE_USER)
def test_a_fault_of_one_user_is_no_other_users_fault(run, backend, mode):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(mode, seconds=10, uid="ada")
            ada = asyncio.create_task(outcome(CALLS[backend](clients, "ada")))
            assert await outcome(CALLS[backend](clients, "grace")) == ("answered", 0)
            assert await ada != ("answered", 0)
            await backends[backend].recover()
            assert await outcome(CALLS[backend](clients, "ada")) == ("answered", 0)

    run(scenario)


@pytest.mark.parametrize("mode", OF_A_CLIENT)
def test_a_client_fault_is_refused_by_a_backend(run, mode):
    async def scenario():
        async with served() as (backends, clients):
            with pytest.raises(ValueError, match=f"^mode: '{mode}' is a fault of the client"):
                await backends[Backend.STORAGE].fail(mode)
            assert await outcome(CALLS[Backend.STORAGE](clients, "grace")) == ("answered", 0)

    run(scenario)


def test_one_user_cannot_be_refused_because_a_port_is_closed_for_all(run):
    async def scenario():
        async with served() as (backends, clients):
            with pytest.raises(ValueError, match="refuses"):
                await backends[Backend.STORAGE].fail(FaultMode.REFUSES, uid="ada")
            assert await outcome(CALLS[Backend.STORAGE](clients, "grace")) == ("answered", 0)

    run(scenario)


def test_a_new_fault_takes_the_place_of_the_old_also_of_a_closed_port(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            server, call = backends[backend], CALLS[backend]
            await server.fail(FaultMode.REFUSES)
            await server.fail(FaultMode.REFUSES)
            assert await outcome(call(clients, "ada")) == ("BackendError", 0)
            await server.fail(FaultMode.SLOW, seconds=5)
            assert await outcome(call(clients, "ada")) == ("answered", 5)
            await server.recover()
            await server.recover()
            assert await outcome(call(clients, "ada")) == ("answered", 0)

    run(scenario)


def test_a_port_is_opened_once_when_a_fault_begins_in_the_moment_in_which_another_ends(run):
    async def scenario():
        async with served() as (backends, clients):
            server = backends[Backend.STORAGE]
            await server.fail(FaultMode.REFUSES)
            await asyncio.gather(server.recover(), server.fail(FaultMode.SLOW, seconds=5))
            assert await outcome(CALLS[Backend.STORAGE](clients, "ada")) == ("answered", 5)
            await asyncio.gather(server.recover(), server.fail(FaultMode.REFUSES))
            assert await outcome(CALLS[Backend.STORAGE](clients, "ada")) == ("BackendError", 0)

    run(scenario)


def test_a_trickle_that_is_cut_off_as_it_writes_leaves_nothing_in_the_log(run, caplog):
    async def scenario():
        async with served() as (backends, clients):
            server = backends[Backend.TRANSCRIPT_WEBHOOK]
            await server.fail(FaultMode.TRICKLES, seconds=5)
            loop = asyncio.get_running_loop()
            loop.call_at(10.0, lambda: cut.append(loop.create_task(server.stop())))
            assert await outcome(CALLS[server.name](clients, "ada")) == ("BackendError", 10)
            await asyncio.gather(*cut)

    cut = []
    run(scenario)
    assert caplog.records == []


def test_what_a_fault_has_swallowed_stays_swallowed_when_it_ends(run):
    async def scenario():
        async with served() as (backends, clients):
            storage = backends[Backend.STORAGE]
            await storage.fail(FaultMode.NEVER_ANSWERS)
            swallowed = asyncio.create_task(outcome(CALLS[Backend.STORAGE](clients, "ada")))
            await asyncio.sleep(1)
            await storage.recover()
            assert await outcome(CALLS[Backend.STORAGE](clients, "grace")) == ("answered", 0)
            assert await swallowed == ("waits", INDEFINITELY)
            assert [one.uid for one in storage.received] == ["grace"]

    run(scenario)


def test_a_process_that_goes_down_drops_the_requests_it_has_taken(run, backend):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.NEVER_ANSWERS)
            taken = asyncio.create_task(outcome(CALLS[backend](clients, "ada")))
            await asyncio.sleep(5)
            await backends[backend].fail(FaultMode.REFUSES)
            assert await taken == ("BackendError", 5)

    run(scenario)


@pytest.mark.parametrize(
    ("backend", "limit"),
    [
        (Backend.STORAGE, config.STORAGE_WORKERS),
        (Backend.TRANSCRIPT_WEBHOOK, config.WEBHOOK_CONNECTIONS),
        (Backend.AUDIO_WEBHOOK, config.WEBHOOK_CONNECTIONS),
        (Backend.SPEAKER_SAMPLES, config.SPEAKER_SAMPLES_CONNECTIONS),
    ],
)
def test_a_pod_opens_no_more_connections_than_its_limit(run, backend, limit):
    async def scenario():
        async with served() as (backends, clients):
            await backends[backend].fail(FaultMode.SLOW, seconds=10)
            calls = [outcome(CALLS[backend](clients, f"u{n}")) for n in range(limit + 1)]
            tasks = [asyncio.create_task(call) for call in calls]
            await asyncio.sleep(5)
            port = int(backends[backend].url.rpartition(":")[2].strip("/"))
            links = psutil.Process().net_connections("tcp4")
            established = [
                link
                for link in links
                if link.laddr.port == port and link.status == psutil.CONN_ESTABLISHED
            ]
            assert len(established) == limit
            assert (await asyncio.gather(*tasks))[-1] == ("answered", 20)

    run(scenario)


@pytest.mark.parametrize("size", [0, 960_000, 2**20, 2**20 + 1, 20 * 1_920_000])
def test_a_batch_of_any_size_arrives_whole(run, size):
    async def scenario():
        async with served() as (backends, clients):
            await clients.upload(Batch("ada", "c/1 é&?", 1_778_630_400.5, bytes(size)))
            (received,) = backends[Backend.STORAGE].received
            assert received.bytes == backends.stored_bytes == size
            assert received.query == {
                "uid": "ada",
                "conversation_id": "c/1 é&?",
                "started_at": "1778630400.5",
            }

    run(scenario)


def test_what_a_user_has_switched_on_is_what_the_users_backend_says(run):
    chosen = Features(private_cloud=False, audio_webhook_seconds=4.0, apps=("notes", "mail"))

    async def scenario():
        async with (
            serve_backends(lambda uid: chosen if uid == "ada" else Features()) as backends,
            connect_pusher_clients(backends.addresses) as clients,
        ):
            assert await clients.features("ada") == chosen
            assert await clients.features("grace") == Features()

    run(scenario)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"start": -1.0}, "start: -1.0 is before the scenario"),
        ({"start": 10.0, "end": 10.0}, "end: 10.0 is not after start 10.0"),
        ({"seconds": 0.09}, "seconds: 0.09 is less than 0.1"),
        ({"start": "departure", "mode": FaultMode.REFUSES}, "not possible with mode 'refuses'"),
    ],
)
def test_an_impossible_fault_is_refused_by_name(wrong, message):
    with pytest.raises(ValueError, match=message):
        Fault(**{"backend": Backend.STORAGE, "mode": FaultMode.SLOW} | wrong)
