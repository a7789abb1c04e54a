"""What a loop knows of the service on it: its connections, its port and its signal handlers."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from ghosts.observation.ownership import owned_by

_SEND_BUFFER: Final = 32_768
"""Bytes that the system takes for a device: so few that a peer that has stopped reading holds up
who sends to it after a minute, and not after a day as with the megabytes of loopback."""


class ServiceLoop(asyncio.SelectorEventLoop):
    """A selector loop for a service that it does not know.

    ``owner_of`` is called with each accepted connection, and returns the record that owns what is
    started for it, or None.
    """

    owner_of: Callable[[socket.socket], object | None]
    on_listening: Callable[[int], object]
    signal_handlers: dict[int, Callable[[], object]]
    thread_id: int

    def follow(self, owner_of: Callable[[socket.socket], object | None]) -> None:
        """Begin to ask ``owner_of``."""
        self.owner_of = owner_of
        self.on_listening = lambda port: None
        self.signal_handlers = {}
        self.thread_id = threading.get_ident()

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *arguments: Any
    ) -> None:
        """Keep the handler, which the service's stop calls; signals of the terminal are ours."""
        self.signal_handlers[sig] = lambda: self.call_soon(callback, *arguments)

    def remove_signal_handler(self, sig: int) -> bool:
        """Forget the handler, and return whether there was one."""
        return self.signal_handlers.pop(sig, None) is not None

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        """Listen as asyncio does, on loopback and a free port, whatever the service asks for."""
        if options.get("sock") is None:
            for name in ("host", "port", "reuse_port"):
                options.pop(name, None)
            arguments = (*arguments[:1], "127.0.0.1", 0)
        server = await super().create_server(*arguments, **options)
        self.on_listening(server.sockets[0].getsockname()[1])
        return server

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Return what `socket.getaddrinfo` does, which asks nobody here, without a thread."""
        return socket.getaddrinfo(
            host,
            port,
            options.get("family", 0),
            options.get("type", 0),
            options.get("proto", 0),
            options.get("flags", 0),
        )

    async def _accept_connection2(
        self, protocol_factory: Any, conn: socket.socket, *arguments: Any, **options: Any
    ) -> None:
        # Everything that the server starts for this connection copies the context of this task.
        owner = self.owner_of(conn)
        if owner is not None:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        with owned_by(owner) if owner is not None else contextlib.nullcontext():
            await super()._accept_connection2(  # type: ignore[misc]
                protocol_factory, conn, *arguments, **options
            )


def start_loop_in_thread() -> asyncio.AbstractEventLoop:
    """Start a loop in a thread of its own, which ends with the process, and return it.

    By the wall clock the stand-ins run there: they answer a service that blocks its own loop.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="stand-ins", daemon=True).start()
    return loop
