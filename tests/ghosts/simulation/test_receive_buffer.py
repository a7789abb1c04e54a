"""What a receive buffer has no room for stays in the write buffer of the sender, in order."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ghosts.simulation.clock import SimulatedLoop, simulate
from ghosts.simulation.receive_buffer import ReceiveBuffer

DATA, PING = b"\x81", b"\x89"
"""The first byte of a frame of text, and of a ping."""


def frame(kind: bytes, size: int) -> bytes:
    return kind + bytes(size - 1)


def with_a_peer(
    capacity: int,
    main: Callable[
        [asyncio.StreamWriter, asyncio.StreamReader, ReceiveBuffer], Coroutine[Any, Any, None]
    ],
) -> None:
    """Run ``main`` with a sender, and what its peer is sent, whose buffer has that capacity."""

    async def connected() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        accepted: asyncio.Future[asyncio.StreamWriter] = loop.create_future()
        server = await asyncio.start_server(lambda _, to: accepted.set_result(to), "127.0.0.1", 0)
        link = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        link.bind(("127.0.0.1", 0))
        buffer = ReceiveBuffer(capacity)
        loop.limit_reading(link.getsockname(), buffer)
        link.connect(server.sockets[0].getsockname())
        reader, to_sender = await asyncio.open_connection(sock=link)
        sender = await accepted
        await main(sender, reader, buffer)
        sender.transport.abort()
        to_sender.transport.abort()
        server.close()

    simulate(connected)


async def arrived(reader: asyncio.StreamReader) -> int:
    try:
        async with asyncio.timeout(1):
            return len(await reader.read(100_000))
    except TimeoutError:
        return 0


def test_frames_are_sent_while_there_is_room_and_the_last_may_exceed_it() -> None:
    async def main(
        sender: asyncio.StreamWriter, reader: asyncio.StreamReader, buffer: ReceiveBuffer
    ) -> None:
        for size in (600, 600, 600):
            sender.write(frame(DATA, size))
        assert await arrived(reader) == 1200
        assert sender.transport.get_write_buffer_size() == 600
        buffer.remove_oldest()
        assert await arrived(reader) == 600
        assert sender.transport.get_write_buffer_size() == 0

    with_a_peer(1000, main)


def test_pings_take_no_room_and_overtake_nothing() -> None:
    async def main(
        sender: asyncio.StreamWriter, reader: asyncio.StreamReader, buffer: ReceiveBuffer
    ) -> None:
        sender.write(frame(PING, 6))
        sender.write(frame(DATA, 10))
        sender.write(frame(PING, 6))
        assert await arrived(reader) == 16  # the second is behind what fills the buffer
        assert sender.transport.get_write_buffer_size() == 6
        buffer.remove_oldest()
        assert await arrived(reader) == 6

    with_a_peer(10, main)


def test_the_sender_waits_above_its_high_water_mark_and_goes_on_when_there_is_room() -> None:
    async def main(
        sender: asyncio.StreamWriter, reader: asyncio.StreamReader, buffer: ReceiveBuffer
    ) -> None:
        sender.transport.set_write_buffer_limits(high=1000)
        sender.writelines([frame(DATA, 1000), frame(DATA, 1001)])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await sender.drain()
        assert await arrived(reader) == 1000
        buffer.remove_oldest()
        await sender.drain()
        assert await arrived(reader) == 1001

    with_a_peer(1, main)


def test_the_end_of_a_stream_comes_after_what_was_held_back() -> None:
    async def main(
        sender: asyncio.StreamWriter, reader: asyncio.StreamReader, buffer: ReceiveBuffer
    ) -> None:
        sender.write(frame(DATA, 10))
        sender.write(frame(DATA, 10))
        sender.write_eof()
        assert await arrived(reader) == 10
        assert not reader.at_eof()
        buffer.discard()
        assert await arrived(reader) == 10
        assert await reader.read() == b""
        buffer.remove_oldest()  # by an application that was reading then

    with_a_peer(1, main)


def test_an_aborted_connection_has_nothing_in_its_write_buffer() -> None:
    async def main(
        sender: asyncio.StreamWriter, reader: asyncio.StreamReader, buffer: ReceiveBuffer
    ) -> None:
        sender.write(frame(DATA, 10))
        sender.write(frame(DATA, 10))
        sender.transport.abort()
        assert sender.transport.get_write_buffer_size() == 0
        await asyncio.sleep(1)
        buffer.remove_oldest()
        assert await arrived(reader) == 10

    with_a_peer(1, main)
