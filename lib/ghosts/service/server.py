"""A WebSocket server with one session per connection, ``/metrics`` and ``/health``."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from async_tasks import create_named_task, drain_tasks
from ghosts import settings
from ghosts.service.metrics import PodMetrics
from ghosts.service.tcp import Address, established_peers

_LOOPBACK = "127.0.0.1"


class Retiring(Protocol):
    """A session that can be asked to end."""

    def retire(self) -> None:
        """End as though the device had left."""


S = TypeVar("S", bound=Retiring)


class SessionServer(ABC):
    """One pod of a service. Its public face is its port, its metrics, and :meth:`stop`.

    ``name`` is the service's: that of its logger, ``ghosts.{name}``, and of its drains.
    """

    def __init__(self, name: str, path: str, metrics: PodMetrics) -> None:
        self._name = name
        self._path = path
        self._pod_metrics = metrics
        metrics.tcp.set_function(self._tcp_connections)
        self._log = logging.getLogger(f"ghosts.{name}")
        self._handlers: set[asyncio.Task[None]] = set()
        self._sessions: set[Retiring] = set()
        self._askers: set[Address] = set()
        self._retiring = False
        self._server: Server | None = None
        self._port = 0

    def __repr__(self) -> str:
        gauge, handlers = self._pod_metrics.gauge, len(self._handlers)
        return f"<{type(self).__name__} gauge {gauge}, {handlers} handlers>"

    @property
    def port(self) -> int:
        """The TCP port it listens on, or listened on; 0 before it was started."""
        return self._port

    @abstractmethod
    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection to its end."""

    async def start(self, port: int = 0) -> None:
        """Listen on loopback, on that port or a free one."""
        self._server = await serve(
            self._handle,
            _LOOPBACK,
            port,
            process_request=self._route,
            process_response=self._log_refusal,
            compression=None,
            backlog=settings.WS_BACKLOG,
            open_timeout=settings.WS_OPEN_TIMEOUT,
            ping_interval=settings.WS_PING_INTERVAL,
            ping_timeout=settings.WS_PING_TIMEOUT,
            close_timeout=settings.WS_CLOSE_TIMEOUT,
            max_size=settings.MAX_FRAME_BYTES,
            create_connection=_connection_of(self._log, self._askers.discard),
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    def stop_listening(self) -> None:
        """Take no more connections: another may listen on the port. Sessions go on."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def stop(self, *, grace: float = 0.0) -> None:
        """Stop listening, close connections, and cancel the handlers.

        With ``grace``, sessions are first asked to end, and have so many seconds to do it. A server
        that waited for its handlers would wait for ghosts; this one gives them 5 s to acknowledge
        their cancellation, and half-open connections 10 s more to end.
        """
        if self._server is None:
            return
        if grace:
            await self._retire_sessions(grace)
        for connection in self._server.connections:
            create_named_task(connection.close(1001), name=f"{self._name}:close")
        self._server.close()
        await drain_tasks(
            self._handlers, timeout=settings.CANCEL_ACK_TIMEOUT, label=f"{self._name}_stop"
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.WS_OPEN_TIMEOUT):
                await self._server.wait_closed()

    async def _retire_sessions(self, grace: float) -> None:
        self.stop_listening()
        self._retiring = True
        for session in tuple(self._sessions):
            session.retire()
        if self._handlers:
            await asyncio.wait(tuple(self._handlers), timeout=grace)

    def present(self, session: S) -> S:
        """Note a session, to be asked to end when the pod does; it is forgotten with its handler.

        To be called by the handler.
        """
        self._sessions.add(session)
        handler = asyncio.current_task()
        assert handler is not None
        handler.add_done_callback(lambda _: self._sessions.discard(session))
        if self._retiring:
            session.retire()
        return session

    def _tcp_connections(self) -> int:
        """Count them without those that ask for the metrics or the health: they are no devices."""
        return len(established_peers(self._port) - self._askers)

    def _route(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == self._path:
            return None
        self._askers.add(connection.remote_address)
        match path:
            case "/metrics":
                response = connection.respond(HTTPStatus.OK, self._pod_metrics.exposition())
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
            await self.handle(connection)
        except ConnectionClosed:
            self._log.info("a peer left while its session was set up")
        except Exception as crash:
            self._log.error("a session ended by a crash: %r", crash)
            await connection.close(1011, "crash")
        finally:
            self._handlers.discard(handler)

    def _log_refusal(
        self, connection: ServerConnection, request: Request, response: Response
    ) -> None:
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            self._log.warning("refused with %d: %.100r", response.status_code, request.path)


def _connection_of(
    log: logging.Logger, forget: Callable[[Address], None]
) -> type[ServerConnection]:
    class Connection(ServerConnection):
        def connection_lost(self, exc: Exception | None) -> None:
            if self.request is None:
                log.warning("a connection ended before its opening handshake was complete")
            forget(self.remote_address)
            super().connection_lost(exc)

    return Connection
