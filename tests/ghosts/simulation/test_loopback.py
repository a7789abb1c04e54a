"""The clock waits for what is on its way over loopback, and for no peer that does not read."""

import asyncio
import socket
import sys
import threading

import pytest

from ghosts.simulation.clock import simulate
from ghosts.simulation.loopback import Loopback

LARGE = 8_000_000
"""Bytes: many times what a connection takes before its receiver has read."""


class Reader(threading.Thread):
    """Reads a little at a time, in real time, until the connection ends."""

    def __init__(self, peer: socket.socket) -> None:
        super().__init__()
        self._peer = peer
        self.bytes_read = 0

    def run(self) -> None:
        while piece := self._peer.recv(4096):
            self.bytes_read += len(piece)


async def _read_an_hour_later(reader: Reader, connection: socket.socket) -> int:
    """Write a lot, and return what has been read of it a simulated hour later."""
    _, writer = await asyncio.open_connection(sock=connection)
    writer.write(bytes(LARGE))
    await asyncio.sleep(3600)
    read = reader.bytes_read
    writer.close()
    return read


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what has not been sent")
def test_a_large_write_is_sent_before_the_clock_moves_however_late_its_receiver_reads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        peer.connect(listener.getsockname())
        connection, _ = listener.accept()
        reader = Reader(peer)
        reader.start()
        read = simulate(lambda: _read_an_hour_later(reader, connection))
        reader.join()
    assert read > LARGE - 4 * 65_536  # the rest has been sent, and can be read


def test_a_large_write_to_a_peer_that_does_not_read_does_not_stop_the_clock() -> None:
    async def main(listener: socket.socket) -> float:
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
            _, writer = await asyncio.open_connection(sock=connection)
            writer.write(bytes(LARGE))
            await asyncio.sleep(3600)
            writer.transport.abort()
        return asyncio.get_running_loop().time()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert simulate(lambda: main(listener)) == 3600


def test_what_a_busy_kernel_delivers_late_is_read_before_the_clock_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late: list[tuple[socket.socket, bytes]] = []

    def wait_delivered(self: Loopback) -> None:
        while late:
            peer, data = late.pop()
            peer.send(data)

    monkeypatch.setattr(Loopback, "wait_delivered", wait_delivered)

    async def main() -> float:
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            timer = asyncio.get_running_loop().call_later(
                1.0, int
            )  # which is what may be overtaken
            late.append((theirs, b"!"))
            await reader.readexactly(1)
            timer.cancel()
            writer.close()
        return asyncio.get_running_loop().time()

    assert simulate(main) == 0


def test_what_was_sent_can_be_read_once_it_is_said_to_be_delivered() -> None:
    loopback = Loopback()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as one,
        listener.accept()[0] as other,
    ):
        other.setblocking(False)
        for number in range(1_000):
            one.send(number.to_bytes(2))
            loopback.wait_delivered()
            assert int.from_bytes(other.recv(2)) == number
    loopback.close()
    loopback.close()
