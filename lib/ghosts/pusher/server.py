"""The server of the pusher."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from websockets.asyncio.server import ServerConnection

from async_tasks import create_named_task
from ghosts.clients import PusherClients
from ghosts.protocol import PUSHER_PATH, read_handshake
from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.session import PusherSession
from ghosts.pusher.spool import Spool
from ghosts.pusher.spool_uploader import SpoolUploader
from ghosts.ws_server import PRODUCTION_KEEPALIVE, Keepalive, SessionServer

Lifecycle: TypeAlias = Callable[[PusherSession], Awaitable[None]]
"""Starts, awaits and cleans up the tasks of one session."""


class Pusher(SessionServer):
    """One pod of the pusher.

    Args:
        lifecycle: Runs each session that was admitted.
        clients: The clients of the backends, shared by all sessions.
        spool: Where audio is kept until it is uploaded. None: it is queued in memory.
        keepalive: The pings to its peers.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        clients: PusherClients,
        spool: Spool | None = None,
        keepalive: Keepalive = PRODUCTION_KEEPALIVE,
    ) -> None:
        self.metrics = PusherMetrics()
        super().__init__("pusher", PUSHER_PATH, self.metrics, keepalive)
        self._lifecycle = lifecycle
        self._clients = clients
        self._spool = spool
        self._uploader: SpoolUploader | None = None
        self._delivering: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback, on ``port``, or on a free one if it is 0; upload from the spool.

        Raises:
            SpoolError: the spool cannot be read.
        """
        if self._spool is not None:
            self._uploader = SpoolUploader(self._spool, self._clients, self.metrics)
        await super().start(port)
        if self._uploader is not None:
            self._delivering = create_named_task(self._uploader.upload_spooled(), name="uploader")

    async def stop(self, *, grace: float = 0.0) -> None:
        """Stop the server, then the spool uploader.

        The uploader has what is left of ``grace`` to empty the spool, and its uploads 5 s more to
        end. Audio that is not uploaded stays in the spool; without a spool it is dropped.

        Args:
            grace: Seconds that sessions and the spool uploader have to finish.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + grace
        await super().stop(grace=grace)
        if self._uploader is not None and self._delivering is not None:
            await self._uploader.emptied(timeout=max(0.0, deadline - now()))
            self._delivering.cancel()
            await asyncio.wait([self._delivering])

    async def handle(self, connection: ServerConnection) -> None:
        """Admit a session and run it under the lifecycle; return when it has ended."""
        assert connection.request is not None
        session = PusherSession(
            connection,
            read_handshake(connection.request.path),
            clients=self._clients,
            metrics=self.metrics,
            uploader=self._uploader,
        )
        if await session.admit():
            await self._lifecycle(self.register(session))


@asynccontextmanager
async def serve_pusher(
    lifecycle: Lifecycle, clients: PusherClients, spool: Spool | None = None
) -> AsyncIterator[Pusher]:
    """Start a pod on a free port; stop it on exit, without grace. See :class:`Pusher`."""
    pusher = Pusher(lifecycle, clients, spool)
    await pusher.start()
    try:
        yield pusher
    finally:
        await pusher.stop()
