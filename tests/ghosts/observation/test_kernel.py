"""Whether a connection is established is what the operating system says, read or unread."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from ghosts.observation import kernel
from ghosts.observation.kernel import is_established
from ghosts.simulation.clock import simulate
from ghosts.simulation.ports import reset_on_close
from ghosts.ws_server import established_peers


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[ServerConnection, ClientConnection]]:
    """A connection of a service that does not read by itself, and its peer."""
    served: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handle(connection: ServerConnection) -> None:
        served.put_nowait(connection)
        await asyncio.Event().wait()

    options = {"compression": None, "ping_interval": None, "close_timeout": 1}
    server = await serve(handle, "127.0.0.1", 0, **options)
    port = next(iter(server.sockets)).getsockname()[1]
    peer = await connect(f"ws://127.0.0.1:{port}", proxy=None, **options)
    connection = await served.get()
    try:
        yield connection, peer
    finally:
        for one in (connection, peer):
            one.transport.abort()
        server.close()  # which is not waited for: it would wait for the handler


def after(
    what: Callable[[ServerConnection, ClientConnection], Awaitable[object]],
) -> tuple[bool, bool, bool]:
    """Return what is said of it before and after that, and what all connections say after it."""

    async def main() -> tuple[bool, bool, bool]:
        async with pair() as (connection, peer):
            link = connection.transport.get_extra_info("socket")
            port, there = link.getsockname()[1], link.getpeername()[:2]
            before = is_established(connection)
            assert before == is_established(connection)
            await what(connection, peer)
            await asyncio.sleep(2)
            listed = there in established_peers(port)
            return before, is_established(connection), listed

    return simulate(main)


async def nothing(connection: ServerConnection, peer: ClientConnection) -> None:
    pass


async def peer_closes(connection: ServerConnection, peer: ClientConnection) -> None:
    await peer.close()


async def peer_resets(connection: ServerConnection, peer: ClientConnection) -> None:
    reset_on_close(peer.transport.get_extra_info("socket"))
    peer.transport.abort()


async def peer_vanishes(connection: ServerConnection, peer: ClientConnection) -> None:
    peer.transport.pause_reading()


async def peer_closes_unread(connection: ServerConnection, peer: ClientConnection) -> None:
    connection.transport.pause_reading()
    peer.transport.abort()


async def peer_resets_unread(connection: ServerConnection, peer: ClientConnection) -> None:
    connection.transport.pause_reading()
    await peer_resets(connection, peer)


async def peer_closes_behind_a_full_queue(
    connection: ServerConnection, peer: ClientConnection
) -> None:
    """The service does not read: what was sent fills its queue of frames, and the peer closes."""
    for _ in range(40):  # 40 kB, which the kernel has room for
        await peer.send(b"x" * 1_000)
    await asyncio.sleep(1)
    assert not connection.transport.is_reading()
    peer.transport.close()


async def peer_closes_half(connection: ServerConnection, peer: ClientConnection) -> None:
    connection.transport.pause_reading()
    peer.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)


async def service_closes(connection: ServerConnection, peer: ClientConnection) -> None:
    await connection.close()


async def service_aborts(connection: ServerConnection, peer: ClientConnection) -> None:
    connection.transport.abort()


CASES = [
    (nothing, True),
    (peer_closes, False),
    (peer_resets, False),
    (peer_vanishes, True),
    (peer_closes_unread, False),
    (peer_resets_unread, False),
    (peer_closes_behind_a_full_queue, False),
    (peer_closes_half, False),
    (service_closes, False),
    (service_aborts, False),
]


@pytest.mark.parametrize(("what", "established"), CASES, ids=[what.__name__ for what, _ in CASES])
def test_a_connection_is_established_while_the_operating_system_has_it(
    what: Callable[[ServerConnection, ClientConnection], Awaitable[object]], established: bool
) -> None:
    assert after(what) == (True, established, established)


@pytest.mark.parametrize("what", [nothing, peer_closes, peer_vanishes, peer_closes_unread])
def test_elsewhere_than_on_linux_the_answer_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[[ServerConnection, ClientConnection], Awaitable[object]],
) -> None:
    here = after(what)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel.sys.platform == "darwin"
    assert after(what) == here


def test_a_full_window_hides_that_the_peer_has_closed_as_it_does_from_the_system() -> None:
    """The end comes behind all that was sent; so long as that cannot, nobody here knows of it."""

    async def fills_the_window_and_closes(
        connection: ServerConnection, peer: ClientConnection
    ) -> None:
        connection.transport.pause_reading()
        link = socket.socket(fileno=os.dup(peer.transport.get_extra_info("socket").fileno()))
        with link, suppress(BlockingIOError):
            link.setblocking(False)
            while True:
                link.send(bytes(65_536))
        peer.transport.abort()

    before, established, listed = after(fills_the_window_and_closes)
    assert before
    assert established
    assert listed
