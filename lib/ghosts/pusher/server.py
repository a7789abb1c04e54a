"""The pusher's server: one handler per connection, ``/metrics``, ``/health``."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from prometheus_client import CONTENT_TYPE_LATEST
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from async_tasks import create_named_task, drain_tasks
from ghosts import settings
from ghosts.backends.clients import BackendError, Clients
from ghosts.pusher.courier import Courier
from ghosts.pusher.lifecycles import Lifecycle
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.session import Session
from ghosts.pusher.spool import Spool, SpoolError

_log = logging.getLogger("ghosts.pusher")
_LOOPBACK = "127.0.0.1"
LISTEN_PATH: Final = "/v1/trigger/listen"
# Task names are ws:{uid}:{loop}, and a log line is one line: neither can be forged by a uid.
_UID: Final = re.compile(rf"[A-Za-z0-9._@+-]{{1,{settings.MAX_ID_LENGTH}}}")
_RATE: Final = re.compile(r"[0-9]{1,9}")


class _Connection(ServerConnection):
    def connection_lost(self, exc: Exception | None) -> None:
        if self.request is None:
            _log.warning("a connection ended before its opening handshake was complete")
        super().connection_lost(exc)


class Pusher:
    """One pod. Its public face is its port, its metrics, and :meth:`stop`."""

    def __init__(self, lifecycle: Lifecycle, clients: Clients, spool: Spool | None = None) -> None:
        self.metrics = Metrics()
        self._lifecycle = lifecycle
        self._clients = clients
        self._spool = spool
        self._courier: Courier | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: Server | None = None
        self._port = 0

    def __repr__(self) -> str:
        return f"<Pusher gauge {self.metrics.gauge}, {len(self._handlers)} handlers>"

    @property
    def port(self) -> int:
        """The TCP port it listens on, or listened on; 0 before it was started."""
        return self._port

    async def start(self) -> None:
        """Listen on loopback, on a free port; deliver what is in the spool, if there is one."""
        if self._spool is not None:
            self._courier = Courier(self._spool, self._clients, self.metrics)
        self._server = await serve(
            self._handle,
            _LOOPBACK,
            0,
            process_request=self._route,
            process_response=_log_refusal,
            compression=None,
            backlog=settings.WS_BACKLOG,
            open_timeout=settings.WS_OPEN_TIMEOUT,
            ping_interval=settings.WS_PING_INTERVAL,
            ping_timeout=settings.WS_PING_TIMEOUT,
            close_timeout=settings.WS_CLOSE_TIMEOUT,
            max_size=settings.MAX_FRAME_BYTES,
            create_connection=_Connection,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        if self._courier is not None:
            self._delivering = create_named_task(self._courier.run(), name="courier")

    async def stop(self) -> None:
        """Stop listening, close connections, and cancel the handlers.

        Unsent audio stays in the spool; without one it is dropped. A server that waited for its
        handlers would wait for ghosts; this one gives them 5 s to acknowledge their cancellation,
        the deliveries on their way as long, and half-open connections 10 s more to end.
        """
        if self._server is None:
            return
        self._server.close()
        await drain_tasks(self._handlers, timeout=settings.CANCEL_ACK_TIMEOUT, label="pusher_stop")
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.wait([self._delivering])
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.WS_OPEN_TIMEOUT):
                await self._server.wait_closed()

    def _route(self, connection: ServerConnection, request: Request) -> Response | None:
        match request.path.partition("?")[0]:
            case path if path == LISTEN_PATH:
                return None
            case "/metrics":
                response = connection.respond(HTTPStatus.OK, self.metrics.exposition())
                del response.headers["Content-Type"]
                response.headers["Content-Type"] = CONTENT_TYPE_LATEST
                return response
            case "/health":
                return connection.respond(HTTPStatus.OK, "ok\n")
            case _:
                return connection.respond(HTTPStatus.NOT_FOUND, "no such path\n")

    async def _handle(self, connection: ServerConnection) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        try:
            session = await self._set_up(connection)
            if session is not None:
                await self._lifecycle(session)
        except ConnectionClosed:
            _log.info("a peer left while its session was set up")
        except Exception as crash:
            _log.error("a session ended by a crash: %r", crash)
            await connection.close(1011, "crash")
        finally:
            self._handlers.discard(handler)

    async def _set_up(self, connection: ServerConnection) -> Session | None:
        assert connection.request is not None
        try:
            uid, sample_rate = _query(connection.request.path)
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
        )

    def _has_room(self, uid: str) -> bool:
        try:
            if self._spool is None or not self._spool.full:
                return True
            _log.error("%s: refused with 1013: %s", uid, repr(self._spool))
        except SpoolError as error:
            _log.error("%s: refused with 1013: %s", uid, error)
        return False


def _query(path: str) -> tuple[str, int]:
    """Return uid and sample rate; raise ValueError whose text fits a close frame."""
    fields = parse_qs(path.partition("?")[2], keep_blank_values=True)
    match fields.get("uid"):
        case [uid] if _UID.fullmatch(uid):
            pass
        case _:
            raise ValueError("uid is missing, or not one id")
    match fields.get("sample_rate", [str(settings.DEFAULT_SAMPLE_RATE)]):
        case [rate] if _RATE.fullmatch(rate) and 0 < int(rate) <= settings.MAX_SAMPLE_RATE:
            return uid, int(rate)
    raise ValueError(f"sample_rate is not 1 to {settings.MAX_SAMPLE_RATE} Hz")


def _log_refusal(connection: ServerConnection, request: Request, response: Response) -> None:
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        _log.warning("refused with %d: %.100r", response.status_code, request.path)


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
