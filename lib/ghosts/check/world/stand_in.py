"""What answers a service in place of its dependencies, and fails as a cell says."""

import asyncio
import contextlib
import contextvars
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ghosts.check.plan import Protocol
from ghosts.check.service import required_arguments
from ghosts.check.world.asgi_answer import answer_from, talk
from ghosts.check.world.timing import Timing
from ghosts.check.world.trust import Certificates
from ghosts.records.fault import FaultMode
from ghosts.simulation.faults import BEHAVIOURS
from ghosts.simulation.ports import reset_on_close

_LOOPBACK: Final = "127.0.0.1"
_METHODS: Final = (b"GET", b"POST", b"PUT", b"HEAD", b"DELE", b"PATC", b"OPTI", b"CONN", b"TRAC")
_TLS: Final = b"\x16\x03"
_KEEPALIVE_SECONDS: Final = 86_400.0
_CHUNK: Final = 65_536


@dataclass(slots=True)
class Unanswered:
    """A request that has no answer yet, or a WebSocket over which nothing has come."""

    since: float
    what: str
    lacks: str = "full answer"


class StandIn:
    """One dependency: a port on loopback that answers HTTP, passes on to a real server, or fails.

    ``stub`` answers instead of 200 and ``{}``: an ASGI application, or a function that talks to a
    client by a stream reader and a stream writer. ``connect_real`` opens a connection to the real
    server, if the dependency is allowed to be reached.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop,
        certificates: Certificates,
        timing: Timing,
        *,
        expect_reply: Callable[[bool], object] = lambda has_replied: None,
        stub: Callable[..., Awaitable[None]] | None = None,
        connect_real: Callable[[], socket.socket] | None = None,
    ) -> None:
        self.name = name
        self.connected_at: list[float] = []
        self.requested_at: list[float] = []
        """Seconds of requests, or of what was passed on; several may share a connection."""
        self.place = ""
        """Where in the service the first connection was opened."""
        self.accepted = 0
        """Bytes of the requests that it has answered in full and without an error."""
        self.spoken: Counter[Protocol] = Counter()
        self.unanswered: dict[int, Unanswered] = {}
        self._host = host
        self._loop = loop
        self._seconds = {FaultMode.SLOW: timing.slow, FaultMode.TRICKLES: timing.trickle}
        self._expect_reply = expect_reply
        self._certificates = certificates
        talks = stub is not None and required_arguments(stub) == 2
        self._app = None if talks else stub
        self._is_real = connect_real is not None
        self._connect = self._talking(stub) if stub and talks else connect_real
        self._mode: FaultMode | None = None
        self._connections: set[asyncio.BaseTransport] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server = web.Server(
            self._answer,
            loop=loop,  # a thread of the service may be the first to connect
            access_log=None,
            handler_cancellation=True,
            keepalive_timeout=_KEEPALIVE_SECONDS,
        )
        self._listener = _listener(port if connect_real is not None else 0)
        self._listener.setblocking(False)
        reset_on_close(self._listener)
        # In an empty context: nothing of what it does belongs to the session that called first.
        loop.call_soon_threadsafe(
            loop.add_reader, self._listener, self._accept, context=contextvars.Context()
        )

    @property
    def protocol(self) -> Protocol:
        """What the service spoke to it."""
        if self._connect is not None:
            return Protocol.PASSED_ON
        spoken = (each for each in (Protocol.WEBSOCKET, Protocol.HTTP) if self.spoken[each])
        return next(spoken, Protocol.UNKNOWN)

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens; None while it refuses connections."""
        if self._mode is FaultMode.REFUSES:
            return None
        host, port = self._listener.getsockname()
        return host, port

    def called(self, place: str) -> None:
        """Record where in the service a connection is opened."""
        self.place = self.place or place

    def fail(self, mode: FaultMode) -> None:
        """Fail from now on. Modes that end connections end those that are open."""
        self._mode = mode
        if mode in (FaultMode.REFUSES, FaultMode.RESETS):
            self._loop.call_soon_threadsafe(self._end_connections)

    def _end_connections(self) -> None:
        for transport in list(self._connections):
            transport.abort()  # type: ignore[attr-defined]

    def _accept(self) -> None:
        try:
            link, _ = self._listener.accept()
        except BlockingIOError:
            return
        link.setblocking(False)
        self.connected_at.append(self._loop.time())
        self._keep(self._loop.create_task(self._serve(link), name=f"stand-in:{self.name}"))

    async def _serve(self, link: socket.socket) -> None:
        if self._connect is not None:
            await self._pass_on(link, self._connect)
            return
        start = await _peek(link)
        if start.startswith(_TLS):
            await self._speak_http(link, ssl=self._certificates.server_context(self._host))
        elif start.startswith(_METHODS):
            await self._speak_http(link)
        elif start:
            self.spoken[Protocol.UNKNOWN] += 1
            if self._mode is FaultMode.RESETS:
                link.close()
                return
            reader, writer = await asyncio.open_connection(sock=link)
            self._connections.add(writer.transport)
            with contextlib.suppress(ConnectionError):
                while await reader.read(_CHUNK):  # so that the service can go on sending
                    pass
            writer.close()
        else:
            link.close()

    async def _speak_http(self, link: socket.socket, **options: Any) -> None:
        self.spoken[Protocol.HTTP] += 1
        try:
            transport, _ = await self._loop.connect_accepted_socket(self._server, link, **options)
        except OSError:  # the client went during the TLS handshake, or does not trust
            return
        self._connections.add(transport)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.requested_at.append(self._loop.time())
        unanswered = Unanswered(self._loop.time(), f"{request.method} {request.path}")
        self.unanswered[id(request)] = unanswered
        try:
            response = await self._respond(request, body)
        finally:
            del self.unanswered[id(request)]
        if response.status < 400 and self._mode in (None, FaultMode.SLOW):
            self.accepted += len(body)
        return response

    async def _respond(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        mode = self._mode
        behaviour = None if mode is None else BEHAVIOURS[mode].instead_of_work
        if mode is not None and behaviour is not None:
            response = await behaviour(request, self._seconds.get(mode, 0.0))
            if response is not None:
                return response
        if request.headers.get("Upgrade", "").lower() == "websocket":
            self.spoken[Protocol.WEBSOCKET] += 1
            self._wait_for_message(request)
            app = _silent_peer if self._app is None else self._app
            return await talk(app, request, self._note_message, lambda: self._hold_back(request))
        if self._app is not None:
            return await answer_from(self._app, request, body)
        return web.json_response({})

    def _note_message(self) -> None:
        self.requested_at.append(self._loop.time())

    def _wait_for_message(self, request: web.BaseRequest) -> None:
        lacks = "message (its stand-in sends none: see --stub)" if self._app is None else "message"
        what = f"the WebSocket {request.path}"
        self.unanswered[id(request)] = Unanswered(self._loop.time(), what, lacks)

    async def _hold_back(self, request: web.BaseRequest) -> bool:
        """Wait as the fault says, and return whether a message over a WebSocket is sent.

        What is not sent is dropped, not waited for: the peer goes on reading, and answers pings.
        """
        self._wait_for_message(request)
        if self._mode is FaultMode.SLOW:
            await asyncio.sleep(self._seconds[FaultMode.SLOW])
        return self._mode not in (FaultMode.NEVER_ANSWERS, FaultMode.TRICKLES)

    def _talking(self, talk: Callable[..., Awaitable[None]]) -> Callable[[], socket.socket]:
        """Return a function that opens a connection to a stub of the user's."""

        async def run(theirs: socket.socket) -> None:
            reader, writer = await asyncio.open_connection(sock=theirs)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
            writer.close()

        def connect() -> socket.socket:
            ours, theirs = socket.socketpair()
            theirs.setblocking(False)
            self._keep(self._loop.create_task(run(theirs), name=f"stub:{self.name}"))
            return ours

        return connect

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Keep a task until it ends: the loop alone would let it be collected."""
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _pass_on(self, link: socket.socket, connect: Callable[[], socket.socket]) -> None:
        try:
            real = connect()
        except OSError:
            link.close()
            return
        self.spoken[Protocol.PASSED_ON] += 1
        real.setblocking(False)
        client_reads, client = await asyncio.open_connection(sock=link)
        real_reads, server = await asyncio.open_connection(sock=real)
        self._connections |= {client.transport, server.transport}
        await asyncio.gather(
            self._pump(client_reads, server, answers=False),
            self._pump(real_reads, client, answers=True),
            return_exceptions=True,
        )

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        answers: bool,
    ) -> None:
        try:
            while piece := await source.read(_CHUNK):
                if self._is_real:
                    self._expect_reply(answers)
                if not answers:
                    self.requested_at.append(self._loop.time())
                if not answers or await self._let_through(piece, target):
                    target.write(piece)
        finally:
            target.close()

    async def _let_through(self, piece: bytes, target: asyncio.StreamWriter) -> bool:
        """Return whether an answer of a real server is passed on, after what the fault does."""
        match self._mode:
            case FaultMode.NEVER_ANSWERS:
                return False
            case FaultMode.RESETS:
                target.transport.abort()
                return False
            case FaultMode.SLOW:
                await asyncio.sleep(self._seconds[FaultMode.SLOW])
            case FaultMode.TRICKLES:
                for place in range(len(piece)):
                    target.write(piece[place : place + 1])
                    await asyncio.sleep(self._seconds[FaultMode.TRICKLES])
                return False
        return True


def _listener(port: int) -> socket.socket:
    """Listen on loopback: on this port if it is free, as in a private network, for clients in C."""
    try:
        return socket.create_server((_LOOPBACK, port), backlog=512)
    except OSError:
        return socket.create_server((_LOOPBACK, 0), backlog=512)


async def _peek(link: socket.socket) -> bytes:
    """Return the first bytes that a client sends, without taking them; none if it closes."""
    loop = asyncio.get_running_loop()
    while True:
        readable = loop.create_future()
        loop.add_reader(link, _set, readable)
        try:
            await readable
        finally:
            loop.remove_reader(link)
        try:
            return link.recv(4, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        except OSError:
            return b""


def _set(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


async def _silent_peer(scope: Any, receive: Any, send: Any) -> None:
    """Accept a WebSocket, as a service that has nothing to say would, and read to its end."""
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass
