"""Listen's server."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from websockets.asyncio.server import ServerConnection

from ghosts.backends import ListenClients
from ghosts.listen.conversations import Unprocessed
from ghosts.listen.form import Form
from ghosts.listen.handshake import read_handshake
from ghosts.listen.lifecycles import ListenLifecycle
from ghosts.listen.metrics import Metrics
from ghosts.listen.session import ListenSession
from ghosts.pusher.server import LISTEN_PATH as PUSHER_PATH
from ghosts.service import SessionServer

DEVICE_PATH: Final = "/v4/listen"


class Listen(SessionServer):
    """One pod. Its public face is its port, its metrics, and :meth:`stop`."""

    def __init__(
        self,
        lifecycle: ListenLifecycle,
        form: Form,
        clients: ListenClients,
        pusher_address: str,
        unix_time: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = Metrics()
        super().__init__("listen", DEVICE_PATH, self.metrics)
        self.breaker = form.breaker()
        self.unprocessed = Unprocessed()
        self._lifecycle = lifecycle
        self._form = form
        self._clients = clients
        self._pusher_url = f"{pusher_address}{PUSHER_PATH}?"
        self._unix_time = unix_time

    async def handle(self, connection: ServerConnection) -> None:
        """Run a session; whether it is admitted is up to its lifecycle to ask."""
        assert connection.request is not None
        session = ListenSession(
            connection,
            read_handshake(connection.request.path),
            pusher_url=self._pusher_url,
            form=self._form,
            clients=self._clients,
            breaker=self.breaker,
            unprocessed=self.unprocessed,
            metrics=self.metrics,
            unix_time=self._unix_time,
        )
        await self._lifecycle(self.present(session))


@asynccontextmanager
async def serve_listen(
    lifecycle: ListenLifecycle,
    form: Form,
    clients: ListenClients,
    pusher_address: str,
    unix_time: Callable[[], float] = time.time,
) -> AsyncIterator[Listen]:
    """Serve a pod whose sessions run under this lifecycle; stop it on the way out.

    ``pusher_address`` is that of the pusher, such as ``ws://127.0.0.1:8000``, whichever of its pods
    may answer there. ``unix_time`` is the time in seconds that audio is stamped with.
    """
    listen = Listen(lifecycle, form, clients, pusher_address, unix_time)
    await listen.start()
    try:
        yield listen
    finally:
        await listen.stop()
