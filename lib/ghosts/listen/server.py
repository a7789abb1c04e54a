"""The server of listen."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from websockets.asyncio.server import ServerConnection

from ghosts.clients import ListenClients
from ghosts.config import LISTEN_LANGUAGES
from ghosts.listen.conversations import Unprocessed
from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.session import ListenSession
from ghosts.listen.settings import ListenSettings
from ghosts.protocol import LISTEN_PATH, PUSHER_PATH, read_handshake
from ghosts.ws_server import PRODUCTION_KEEPALIVE, Keepalive, SessionServer

ListenLifecycle: TypeAlias = Callable[[ListenSession], Awaitable[None]]
"""Admits a session, then starts, awaits and cleans up its tasks."""


class Listen(SessionServer):
    """One pod of listen.

    Args:
        lifecycle: Runs each session, and admits it.
        settings: Outbound queue, circuit breaker and fan-out.
        clients: The clients of the backends, shared by all sessions.
        pusher_address: The address of the pusher, such as ``ws://127.0.0.1:8000``.
        unix_time: Returns the Unix time in seconds with which audio is stamped.
        keepalive: The pings to its devices.
    """

    def __init__(
        self,
        lifecycle: ListenLifecycle,
        settings: ListenSettings,
        clients: ListenClients,
        pusher_address: str,
        unix_time: Callable[[], float] = time.time,
        keepalive: Keepalive = PRODUCTION_KEEPALIVE,
    ) -> None:
        self.metrics = ListenMetrics()
        super().__init__("listen", LISTEN_PATH, self.metrics, keepalive)
        self.breaker = settings.breaker()
        self.unprocessed = Unprocessed()
        self._lifecycle = lifecycle
        self._settings = settings
        self._clients = clients
        self._pusher_url = f"{pusher_address}{PUSHER_PATH}?"
        self._unix_time = unix_time

    async def handle(self, connection: ServerConnection) -> None:
        """Run a session under the lifecycle, which also admits it; return when it has ended."""
        assert connection.request is not None
        session = ListenSession(
            connection,
            read_handshake(connection.request.path, languages=LISTEN_LANGUAGES),
            pusher_url=self._pusher_url,
            settings=self._settings,
            clients=self._clients,
            breaker=self.breaker,
            unprocessed=self.unprocessed,
            metrics=self.metrics,
            unix_time=self._unix_time,
        )
        await self._lifecycle(self.register(session))


@asynccontextmanager
async def serve_listen(
    lifecycle: ListenLifecycle,
    settings: ListenSettings,
    clients: ListenClients,
    pusher_address: str,
    unix_time: Callable[[], float] = time.time,
) -> AsyncIterator[Listen]:
    """Start a pod on a free port; stop it on exit, without grace. See :class:`Listen`."""
    listen = Listen(lifecycle, settings, clients, pusher_address, unix_time)
    await listen.start()
    try:
        yield listen
    finally:
        await listen.stop()
