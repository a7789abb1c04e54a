"""A WebSocket server with one session per connection, ``/metrics`` and ``/health``."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar

from prometheus_client import CONTENT_TYPE_LATEST
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from async_tasks import create_named_task, drain_tasks
from ghosts import config
from ghosts.ws_server.keepalive import Keepalive
from ghosts.ws_server.kernel import Address, established_peers
from ghosts.ws_server.metrics import ServerMetrics
from ghosts.ws_server.session import BaseSession, close_within

_LOOPBACK = "127.0.0.1"
S = TypeVar("S", bound=BaseSession)


class SessionServer(ABC):
    """The server of one pod of a service.

    Args:
        name: The name of the service. The logger is ``ghosts.{name}``, and the label of the drain
            at a stop is ``{name}_stop``.
        path: The path on which it accepts WebSocket connections.
        metrics: What ``/metrics`` returns.
        keepalive: The pings to its peers.
    """

    def __init__(self, name: str, path: str, metrics: ServerMetrics, keepalive: Keepalive) -> None:
        self._name = name
        self._path = path
        self._pod_metrics = metrics
        self._keepalive = keepalive
        metrics.tcp.set_function(self._tcp_connections)
        self._log = logging.getLogger(f"ghosts.{name}")
        self._handlers: set[asyncio.Task[None]] = set()
        self._sessions: set[BaseSession] = set()
        self._http_peers: set[Address] = set()
        self._stopping = False
        self._server: Server | None = None
        self._port = 0

    def __repr__(self) -> str:
        gauge, handlers = self._pod_metrics.gauge, len(self._handlers)
        return f"<{type(self).__name__} gauge {gauge}, {handlers} handlers>"

    @property
    def port(self) -> int:
        """The TCP port of the server, also after it was stopped; 0 before it was started."""
        return self._port

    @abstractmethod
    async def handle(self, connection: ServerConnection) -> None:
        """Run the session of one connection; return when it has ended."""

    async def start(self, port: int = 0) -> None:
        """Listen on loopback, on ``port``, or on a free one if it is 0."""
        self._server = await serve(
            self._handle,
            _LOOPBACK,
            port,
            process_request=self._route,
            process_response=self._log_refusal,
            compression=None,
            backlog=config.WS_BACKLOG,
            open_timeout=config.WS_OPEN_TIMEOUT,
            ping_interval=self._keepalive.interval,
            ping_timeout=self._keepalive.timeout,
            close_timeout=config.WS_CLOSE_TIMEOUT,
            max_size=config.MAX_FRAME_BYTES,
            create_connection=_connection_of(self._log, self._http_peers.discard),
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    def stop_listening(self) -> None:
        """Accept no more connections, and release the port. Sessions continue."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def stop(self, *, grace: float = 0.0) -> None:
        """Stop listening, close connections, and cancel the handlers.

        It takes ``grace`` and 15 s at most: handlers have 5 s to end after their cancellation, and
        connections whose opening handshake is incomplete have 10 s. A server that awaited its
        handlers would never return while there are ghosts.

        Args:
            grace: Seconds that sessions have to end by themselves before that.
        """
        if self._server is None:
            return
        if grace:
            await self._stop_sessions(grace)
        for connection in self._server.connections:
            create_named_task(close_within(connection, 1001), name=f"{self._name}:close")
        self._server.close()
        await drain_tasks(
            self._handlers, timeout=config.CANCEL_ACK_TIMEOUT, label=f"{self._name}_stop"
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(config.WS_OPEN_TIMEOUT):
                await self._server.wait_closed()

    async def _stop_sessions(self, grace: float) -> None:
        self.stop_listening()
        self._stopping = True
        for session in tuple(self._sessions):
            session.stop_gracefully()
        if self._handlers:
            await asyncio.wait(tuple(self._handlers), timeout=grace)

    def register(self, session: S) -> S:
        """Stop ``session`` gracefully when the pod is; return it.

        Call it in the handler of the session. The reference to the session is dropped when the
        handler ends.
        """
        self._sessions.add(session)
        handler = asyncio.current_task()
        assert handler is not None
        handler.add_done_callback(lambda _: self._sessions.discard(session))
        if self._stopping:
            session.stop_gracefully()
        return session

    def _tcp_connections(self) -> int:
        """Count the connections of devices: without those that request metrics or health."""
        return len(established_peers(self._port) - self._http_peers)

    def _route(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == self._path:
            return None
        self._http_peers.add(connection.remote_address)
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
            await close_within(connection, 1011, "crash")
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
