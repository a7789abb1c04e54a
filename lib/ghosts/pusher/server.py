"""The pusher's server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs

from websockets.asyncio.server import ServerConnection

from async_tasks import create_named_task
from ghosts.backends.clients import BackendError, Clients
from ghosts.pusher.courier import Courier
from ghosts.pusher.lifecycles import Lifecycle
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.session import Session
from ghosts.pusher.spool import Spool, SpoolError
from ghosts.service import SessionServer, one_id, one_rate

_log = logging.getLogger("ghosts.pusher")
LISTEN_PATH: Final = "/v1/trigger/listen"


class Pusher(SessionServer):
    """One pod. Its public face is its port, its metrics, and :meth:`stop`."""

    def __init__(self, lifecycle: Lifecycle, clients: Clients, spool: Spool | None = None) -> None:
        self.metrics = Metrics()
        super().__init__("pusher", LISTEN_PATH, self.metrics)
        self._lifecycle = lifecycle
        self._clients = clients
        self._spool = spool
        self._courier: Courier | None = None
        self._delivering: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; deliver what is in the spool, if there is one."""
        if self._spool is not None:
            self._courier = Courier(self._spool, self._clients, self.metrics)
        await super().start(port)
        if self._courier is not None:
            self._delivering = create_named_task(self._courier.run(), name="courier")

    async def stop(self, *, grace: float = 0.0) -> None:
        """Stop as any service does, then the deliveries on their way, which have 5 s as well.

        What is left of ``grace`` is for delivering what is in the spool. Unsent audio stays there;
        without a spool it is dropped.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + grace
        await super().stop(grace=grace)
        if self._courier is not None and self._delivering is not None:
            await self._courier.emptied(timeout=max(0.0, deadline - now()))
            self._delivering.cancel()
            await asyncio.wait([self._delivering])

    async def handle(self, connection: ServerConnection) -> None:
        """Set a session up and run it; one that cannot be set up is refused."""
        session = await self._set_up(connection)
        if session is not None:
            await self._lifecycle(self.present(session))

    async def _set_up(self, connection: ServerConnection) -> Session | None:
        assert connection.request is not None
        fields = parse_qs(connection.request.path.partition("?")[2], keep_blank_values=True)
        try:
            uid, sample_rate = one_id(fields), one_rate(fields)
        except ValueError as error:
            _log.warning("refused with 1008: %s", error)
            await connection.close(1008, str(error))
            return None
        try:
            features = await self._clients.features(uid)
        except BackendError as error:
            _log.warning("%s: refused with 1011: %s", uid, error)
            await connection.close(1011, "Dirty state")
            return None
        if features.private_cloud and not self._has_room(uid):
            self.metrics.spool_full.inc()
            await connection.close(1013, "try again later")
            return None
        return Session(
            connection,
            uid=uid,
            sample_rate=sample_rate,
            features=features,
            clients=self._clients,
            metrics=self.metrics,
            courier=self._courier,
            acknowledges=fields.get("acks") == ["1"],
        )

    def _has_room(self, uid: str) -> bool:
        try:
            if self._spool is None or not self._spool.full:
                return True
            _log.error("%s: refused with 1013: %s", uid, repr(self._spool))
        except SpoolError as error:
            _log.error("%s: refused with 1013: %s", uid, error)
        return False


@asynccontextmanager
async def serve_pusher(
    lifecycle: Lifecycle, clients: Clients, spool: Spool | None = None
) -> AsyncIterator[Pusher]:
    """Serve a pod whose sessions run under this lifecycle; stop it on the way out.

    With a spool, audio goes there and is delivered from there; without one it waits in memory.
    """
    pusher = Pusher(lifecycle, clients, spool)
    await pusher.start()
    try:
        yield pusher
    finally:
        await pusher.stop()
