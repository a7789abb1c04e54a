"""The devices of a cell: WebSocket clients that know nothing of the service but its path."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State
from websockets.typing import Subprotocol

from ghosts.check.plan import Departure
from ghosts.check.service import Frame, Service
from ghosts.check.world.outgoing import connect_directly
from ghosts.check.world.sessions import Sessions
from ghosts.simulation.ports import reset_on_close

_LOOPBACK: Final = "127.0.0.1"
_OPEN_SECONDS: Final = 30.0
"""Simulated seconds in which a service is to accept a device."""
_RECEIVE_BUFFER: Final = 8_192
"""Bytes that a device's system takes: as small as a bad mobile link, so that a peer that has
stopped reading is noticed by what is sent to it."""


@dataclass(slots=True)
class Device:
    """One device, and what became of it."""

    number: int
    connection: ClientConnection | None = None
    refused: str = ""
    """Why it was not let in."""
    left_at: float | None = None
    cut_off_at: float | None = None
    cut_off: str = ""
    received: int = 0
    received_by_departure: int = 0
    received_late: int = 0
    """Messages in the last part of the time by which a witness stays longer."""
    tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def connected(self) -> bool:
        """Whether its connection is open as far as it knows."""
        return self.connection is not None and self.connection.state is State.OPEN


async def arrive(number: int, service: Service, port: int, sessions: Sessions) -> Device:
    """Connect a device, which sends and reads until it leaves; one that is refused says why."""
    loop, device = asyncio.get_running_loop(), Device(number)
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    link.bind((_LOOPBACK, 0))
    sessions.expect(link.getsockname(), number)
    try:
        connect_directly(link, (_LOOPBACK, port))
        link.setblocking(False)
        device.connection = await connect(
            f"ws://{_LOOPBACK}:{port}{service.path}",
            sock=link,
            proxy=None,
            compression=None,
            ping_interval=None,
            max_size=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_OPEN_SECONDS,
            additional_headers=list(service.headers),
            subprotocols=[Subprotocol(name) for name in service.subprotocols] or None,
        )
    except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed, EOFError) as error:
        link.close()
        device.refused = str(error) or type(error).__name__
        return device
    device.tasks = (
        loop.create_task(_send(device.connection, service.frames), name="device-sends"),
        loop.create_task(_read(device, device.connection), name="device-reads"),
    )
    return device


async def leave(device: Device, how: Departure) -> None:
    """Make a device leave, if it is still connected."""
    connection = device.connection
    if connection is None or not device.connected:
        return
    device.left_at = asyncio.get_running_loop().time()
    sending, reading = device.tasks
    sending.cancel()
    match how:
        case Departure.CLOSE:
            with contextlib.suppress(ConnectionClosed):
                await connection.close()
        case Departure.RESET:
            with contextlib.suppress(OSError):
                reset_on_close(connection.transport.get_extra_info("socket"))
            connection.transport.abort()
        case Departure.VANISH:
            reading.cancel()
            connection.transport.pause_reading()


async def _send(connection: ClientConnection, frames: Sequence[Frame]) -> None:
    with contextlib.suppress(ConnectionClosed):
        while frames:
            for frame in frames:
                await asyncio.sleep(frame.pause)
                await connection.send(frame.data)


async def _read(device: Device, connection: ClientConnection) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            await connection.recv()
            device.received += 1
    except ConnectionClosed as closed:
        if device.left_at is None:
            device.cut_off_at, device.cut_off = loop.time(), str(closed)
