"""The services that sessions call, as real HTTP peers on loopback that fail when told to."""

import asyncio
import dataclasses
import socket
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiohttp import web

from ghosts.backends.clients import Features
from ghosts.backends.faults import ALL, OF_THE_PUSHER, Backend, FaultMode, Share
from ghosts.backends.held_port import hold_port
from ghosts.backends.reset import reset_on_close

_OF_TEXT: Final = (Backend.TRANSCRIPT_WEBHOOK, Backend.APPS)
_HEEDED: Final = (*_OF_TEXT, Backend.SPEECH_TO_TEXT)
_LOOPBACK = "127.0.0.1"
_KEEPALIVE_SECONDS = 86_400.0
_STOP_TIMEOUT = 1.0  # seconds; 0 would wait for ever


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a backend answered with success."""

    uid: str
    bytes: int
    crc: int
    """CRC-32 of its body."""
    query: dict[str, str]
    text: str = ""
    """Its body, if that is the text of a transcript."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a backend fails just now, for one user or for all."""

    mode: FaultMode
    seconds: float
    share: Share


class BackendServer:
    """One service: an HTTP server on a port of its own, and the requests it has taken."""

    def __init__(self, name: Backend, answer: Callable[[web.BaseRequest, bytes], Any]) -> None:
        self.name = name
        self.received: list[Received] = []
        self._delivered: set[str] = set()
        self._content = answer
        self._failure: Failure | None = None
        self._user_failures: dict[str, Failure] = {}
        self._requests: Counter[str] = Counter()
        self._port = 0
        self._runner: web.ServerRunner | None = None
        self._turn = asyncio.Lock()
        self._holder: socket.socket | None = None

    def __repr__(self) -> str:
        failure = self._failure.mode if self._failure else "well"
        return f"<BackendServer {self.name} {failure}, {len(self.received)} received>"

    @property
    def url(self) -> str:
        """Where it listens; the same before and after it refused connections."""
        return f"http://{_LOOPBACK}:{self._port}/"

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        async with self._turn:
            if self._runner is None:
                self._runner = await self._listen()
            self._release()

    async def _listen(self) -> web.ServerRunner:
        server = web.Server(
            self._answer,
            access_log=None,
            handler_cancellation=True,
            keepalive_timeout=_KEEPALIVE_SECONDS,
        )
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_STOP_TIMEOUT)
        await runner.setup()
        listener = socket.create_server((_LOOPBACK, self._port))
        # Thousands of connections that are remembered for a minute each would slow every look at
        # those that there are; and a service that resets is a fault, too.
        reset_on_close(listener)
        await web.SockSite(runner, listener).start()
        self._port = runner.addresses[0][1]
        return runner

    async def stop(self) -> None:
        """Close the listener and every connection, answered or not."""
        await self._stop(hold=False)

    async def _stop(self, *, hold: bool) -> None:
        async with self._turn:
            runner, self._runner = self._runner, None
            if runner is not None:
                await self._close(runner, hold)
            if not hold:
                self._release()

    async def _close(self, runner: web.ServerRunner, hold: bool) -> None:
        for site in list(runner.sites):
            await site.stop()
        if hold:
            self._holder = hold_port(_LOOPBACK, self._port)
        if runner.server is not None:
            for connection in runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        await runner.cleanup()

    def _release(self) -> None:
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    async def fail(
        self,
        mode: FaultMode,
        *,
        seconds: float = 10.0,
        uid: str | None = None,
        share: Share = ALL,
    ) -> None:
        """Fail from now on: a share of the requests, of all users or of one.

        Requests that a fault has swallowed stay so when it ends. Raises ValueError when one user
        is to be refused: a port is closed for all.
        """
        failure = Failure(mode, seconds, share)
        if uid is not None:
            if mode is FaultMode.REFUSES:
                raise ValueError("mode: 'refuses' is not possible for one user")
            self._user_failures[uid] = failure
            return
        self._failure = failure
        await (self._stop(hold=True) if mode is FaultMode.REFUSES else self.start())

    async def heal(self) -> None:
        """Answer again."""
        self._failure = None
        self._user_failures.clear()
        await self.start()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        size = crc = 0
        pieces = []
        async for piece in request.content.iter_any():
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            if self.name in _HEEDED:  # of audio in bulk, the sum will do
                pieces.append(piece)
        uid = request.query.get("uid", "")
        failure = self._user_failures.get(uid, self._failure)
        number, self._requests[uid] = self._requests[uid], self._requests[uid] + 1
        if failure is not None and not failure.share.has(uid, number):
            failure = None
        if failure is not None:
            failed = await self._misbehave(request, failure)
            if failed is not None:
                return failed
        body = b"".join(pieces)
        text = body.decode() if self.name in _OF_TEXT else ""
        self._take(Received(uid, size, crc, dict(request.query), text))
        if failure is not None and failure.mode is FaultMode.ANSWER_LOST:
            return _reset(request)
        content = self._content(request, body)
        return web.json_response(status=404) if content is None else web.json_response(content)

    def _take(self, received: Received) -> None:
        """Keep a request; one whose delivery is here already is answered and not kept again."""
        delivery = received.query.get("delivery_id")
        if delivery is not None:
            if delivery in self._delivered:
                return
            self._delivered.add(delivery)
        self.received.append(received)

    async def _misbehave(
        self, request: web.BaseRequest, failure: Failure
    ) -> web.StreamResponse | None:
        match failure.mode:
            case FaultMode.NEVER_ANSWERS:
                await asyncio.get_running_loop().create_future()
            case FaultMode.SLOW:
                await asyncio.sleep(failure.seconds)
                return None
            case FaultMode.TRICKLES:
                return await self._trickle(request, failure.seconds)
            case FaultMode.GARBAGE:
                return web.Response(text="{", content_type="application/json")
            case FaultMode.RESETS:
                return _reset(request)
            case FaultMode.ANSWER_LOST:
                return None
        return web.Response(status=500)

    async def _trickle(self, request: web.BaseRequest, seconds: float) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):  # it was closed in this very moment
            while True:
                await response.write(b" ")
                await asyncio.sleep(seconds)
        return response


def _reset(request: web.BaseRequest) -> web.Response:
    """Reset the connection; the response is for aiohttp, which has nobody left to send it to."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


Hear: TypeAlias = Callable[[bytes], list[dict[str, Any]]]
"""Makes segments of speech."""


class Backends:
    """All services of one pod."""

    def __init__(
        self, features: Callable[[str], Features | None], hear: Hear, names: Sequence[Backend]
    ) -> None:
        def answer(name: Backend) -> Callable[[web.BaseRequest, bytes], Any]:
            match name:
                case Backend.USERS:
                    return lambda request, body: _as_dict(features(request.query.get("uid", "")))
                case Backend.SPEECH_TO_TEXT:
                    return lambda request, body: {"segments": hear(body)}
                case Backend.PEOPLE:
                    return lambda request, body: {"person_id": request.query.get("speaker")}
            return lambda request, body: {}

        self._servers = {name: BackendServer(name, answer(name)) for name in names}

    def __iter__(self) -> Iterator[BackendServer]:
        return iter(self._servers.values())

    def __getitem__(self, name: Backend) -> BackendServer:
        return self._servers[name]

    @property
    def addresses(self) -> dict[Backend, str]:
        """The URL of each service."""
        return {name: server.url for name, server in self._servers.items()}

    @property
    def stored_bytes(self) -> int:
        """Bytes of audio that storage has, each counted once.

        A batch that was taken, and sent again because nobody heard of it, begins at the same
        moment of the same conversation, and is as long or longer.
        """
        longest: dict[tuple[str, ...], int] = {}
        for received in self[Backend.STORAGE].received:
            query = received.query
            start = received.uid, query["conversation_id"], query["started_at"]
            longest[start] = max(received.bytes, longest.get(start, 0))
        return sum(longest.values())

    @property
    def stored_twice_bytes(self) -> int:
        """Bytes of audio that storage has once more than once."""
        received = sum(received.bytes for received in self[Backend.STORAGE].received)
        return received - self.stored_bytes


def _as_dict(features: Features | None) -> dict[str, Any] | None:
    return None if features is None else dataclasses.asdict(features)


@asynccontextmanager
async def serve_backends(
    features: Callable[[str], Features | None] = lambda uid: Features(),
    hear: Hear = lambda audio: [],
    names: Sequence[Backend] = OF_THE_PUSHER,
) -> AsyncIterator[Backends]:
    """Serve backends on loopback, on free ports, and stop them on the way out.

    ``features`` says what a user has switched on, None where there is no such user; ``hear`` is
    what the speech-to-text service does.
    """
    backends = Backends(features, hear, names)
    async with AsyncExitStack() as stack:
        for server in backends:
            stack.push_async_callback(server.stop)
            await server.start()
        yield backends
