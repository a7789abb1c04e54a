"""Fault modes of a client library, between a session and a backend that works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from bed import now

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.clients import PusherClients, connect_pusher_clients
from ghosts.records.fault import FaultMode, Share
from ghosts.simulation.backends import Backends, serve_backends
from ghosts.simulation.client_faults import ClientFaults
from ghosts.simulation.faults import BEHAVIOURS

OF_A_CLIENT: Final = [mode for mode in BEHAVIOURS if BEHAVIOURS[mode].around_call is not None]
WEBHOOK: Final = Backend.TRANSCRIPT_WEBHOOK


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Backends, ClientFaults, PusherClients]]:
    faults = ClientFaults()
    async with (
        serve_backends(names=PUSHER_BACKENDS) as backends,
        connect_pusher_clients(backends.addresses, service=faults.client) as clients,
    ):
        yield backends, faults, clients


def call(clients: PusherClients, uid: str = "ada") -> asyncio.Task[Any]:
    return asyncio.ensure_future(clients.send_transcript(uid, [{"text": "hi"}]))


async def cancel_after(task: asyncio.Task[Any], seconds: float) -> None:
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])


async def swallows_cancellation(
    backends: Backends, faults: ClientFaults, clients: PusherClients
) -> None:
    """A cancelled call goes on until the backend has answered."""
    await backends[WEBHOOK].fail(FaultMode.SLOW, seconds=10)
    task = call(clients)
    await cancel_after(task, 3)
    assert (now(), task.cancelled(), task.exception()) == (10, False, None)


async def cancels_caller(backends: Backends, faults: ClientFaults, clients: PusherClients) -> None:
    """A call is cancelled at once, without a request for it."""
    task = call(clients)
    await asyncio.wait([task])
    assert (now(), task.cancelled(), task.cancelling()) == (0, True, 0)
    assert backends[WEBHOOK].received == []


async def blocks_thread(backends: Backends, faults: ClientFaults, clients: PusherClients) -> None:
    """No request is sent, and no deadline of the client ends the call, until the fault ends."""
    task = call(clients)
    await asyncio.sleep(5_000)
    assert (task.done(), backends[WEBHOOK].received) == (False, [])
    faults.recover(WEBHOOK)
    await task
    assert (now(), len(backends[WEBHOOK].received)) == (5_000, 1)


CHECKS: Final[dict[FaultMode, Callable[..., Any]]] = {
    FaultMode.SWALLOWS_CANCELLATION: swallows_cancellation,
    FaultMode.CANCELS_CALLER: cancels_caller,
    FaultMode.BLOCKS_THREAD: blocks_thread,
}


@pytest.mark.parametrize("mode", OF_A_CLIENT)
def test_a_client_fault_does_what_its_mode_says(run, mode: FaultMode) -> None:
    async def scenario() -> None:
        async with served() as (backends, faults, clients):
            faults.fail(WEBHOOK, mode)
            await CHECKS[mode](backends, faults, clients)  # a new mode needs a check here

    run(scenario)


@pytest.mark.parametrize("mode", OF_A_CLIENT)
def test_a_client_fault_ends_at_recovery_and_is_of_one_backend(run, mode: FaultMode) -> None:
    async def scenario() -> None:
        async with served() as (backends, faults, clients):
            faults.fail(WEBHOOK, mode)
            await clients.send_audio("ada", b"pcm")
            faults.recover(WEBHOOK)
            await call(clients)
            assert now() == 0
            assert len(backends[WEBHOOK].received) == 1

    run(scenario)


@pytest.mark.parametrize("mode", OF_A_CLIENT)
def test_a_share_of_no_calls_is_no_fault(run, mode: FaultMode) -> None:
    async def scenario() -> None:
        async with served() as (_, faults, clients):
            faults.fail(WEBHOOK, mode, Share(0.0))
            await call(clients)
            assert now() == 0

    run(scenario)
