"""The sessions of a service that it does not know: one per accepted connection with a handler."""

import asyncio
import contextlib
import socket
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ghosts.check.own import error_in_words
from ghosts.observation.ownership import context_of, current_owner, owner_in
from ghosts.ws_server.kernel import on_linux_established

ORDINARY_ENDS = (
    "WebSocketDisconnect",
    "ConnectionClosed",
    "ConnectionClosedOK",
    "ConnectionClosedError",
    "ConnectionResetError",
    "BrokenPipeError",
    "ClientConnectionResetError",
    "CancelledError",
)
"""Names of exceptions with which handlers end when a device has gone."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Session:
    """What is recorded of one connection. It keeps nothing of the service in memory."""

    device: int
    connection: socket.socket
    opened_at: float
    handler: weakref.ref[asyncio.Task[Any]] | None = None
    began: bool = False
    ended_at: float | None = None
    lost_at: float | None = None
    error: str = ""
    returned: bool = False
    """Whether its handler has returned although the device was connected."""
    asked: int = 0
    """How often an ASGI application has asked for a message: the first is the connection itself."""
    parts: list[weakref.ref[Any]] = field(default_factory=list)
    """What belongs to the session alone, and must go with it."""

    @property
    def is_connected(self) -> bool:
        """Whether the operating system has an established connection."""
        if self.connection.fileno() == -1:
            return False
        with contextlib.suppress(OSError):
            return on_linux_established(self.connection)
        return False

    @property
    def is_open(self) -> bool:
        """Whether its handler has begun and not ended."""
        return self.began and self.ended_at is None


class Sessions:
    """Records sessions: whose connection each is, and when its handler begins and ends."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._devices: dict[Any, int] = {}
        self._by_device: dict[int, Session] = {}

    def expect(self, address: Any, device: int) -> None:
        """Say which device connects from an address, before it does."""
        self._devices[address] = device

    def accepted(self, connection: socket.socket) -> Session | None:
        """Return the record of a connection that was accepted; None if it is no device's."""
        with contextlib.suppress(OSError):
            device = self._devices.get(connection.getpeername())
            if device is not None:
                session = Session(device, connection, self._now())
                self._by_device[device] = session
                return session
        return None

    def of_device(self, device: int) -> Session | None:
        """Return the session of a device, if it was accepted."""
        return self._by_device.get(device)

    def all(self) -> list[Session]:
        """Return all sessions whose handlers have begun, by device."""
        found = (session for _, session in sorted(self._by_device.items()))
        return [session for session in found if session.began]

    def check_connections(self) -> None:
        """Record which sessions have lost their connection."""
        for session in self._by_device.values():
            if session.lost_at is None and not session.is_connected:
                session.lost_at = self._now()

    async def handle(self, call: Callable[[], Awaitable[Any]], *parts: object) -> Any:
        """Run a handler, and record its begin and end if it is a device's.

        ``parts`` are objects that belong to this session alone.
        """
        session = current_session()
        if session is None or session.began:
            return await call()
        task = asyncio.current_task()
        assert task is not None
        session.began, session.handler = True, weakref.ref(task)
        session.parts = [weakref.ref(part) for part in parts]
        try:
            result = await call()
        except BaseException as error:
            if type(error).__name__ not in ORDINARY_ENDS:
                session.error = error_in_words(error)
            raise
        else:
            session.returned = session.is_connected
            return result
        finally:
            session.ended_at = self._now()

    def tasks(self, loop: asyncio.AbstractEventLoop) -> dict[Session, list[asyncio.Task[Any]]]:
        """Return the pending tasks of each session, the handler among them."""
        found: dict[Session, list[asyncio.Task[Any]]] = {}
        for task in asyncio.all_tasks(loop):
            owner = owner_in(context_of(task))
            if isinstance(owner, Session) and not task.done():
                found.setdefault(owner, []).append(task)
        return found


def current_session() -> Session | None:
    """Return the session that the running code belongs to."""
    owner = current_owner()
    return owner if isinstance(owner, Session) else None
