"""Fake backends: real HTTP servers on loopback that fail on request."""

import asyncio
import dataclasses
import socket
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiohttp import web

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.clients import Features
from ghosts.records.fault import ALL, FaultMode, Share
from ghosts.simulation.faults import BEHAVIOURS
from ghosts.simulation.ports import hold_port, reset_on_close

_OF_TEXT: Final = (Backend.TRANSCRIPT_WEBHOOK, Backend.APPS)
_KEEPS_BODY: Final = (*_OF_TEXT, Backend.SPEECH_TO_TEXT)
_LOOPBACK = "127.0.0.1"
_KEEPALIVE_SECONDS = 86_400.0
_STOP_TIMEOUT = 1.0  # seconds; aiohttp takes 0 for no limit


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a backend answered with success."""

    uid: str
    bytes: int
    crc: int
    """CRC-32 of its body."""
    query: dict[str, str]
    text: str = ""
    """Its body, if the backend receives transcripts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a backend fails at the moment, for one user or for all."""

    mode: FaultMode
    seconds: float
    share: Share


class BackendServer:
    """One backend: an HTTP server on its own port, and the requests that it has answered."""

    def __init__(self, name: Backend, answer: Callable[[web.BaseRequest, bytes], Any]) -> None:
        self.name = name
        self.received: list[Received] = []
        self._longest: dict[tuple[str, ...], int] = {}
        self.stored_bytes = 0
        """Bytes of audio in storage, each counted once; 0 of another backend."""
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
        failure = self._failure.mode if self._failure else "working"
        return f"<BackendServer {self.name} {failure}, {len(self.received)} received>"

    @property
    def url(self) -> str:
        """Its URL, which stays the same after it has refused connections."""
        return f"http://{_LOOPBACK}:{self._port}/"

    async def start(self) -> None:
        """Listen, on the same port as before if it has had one."""
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
        # Otherwise the kernel keeps each closed connection for a minute in TIME_WAIT, and thousands
        # of them slow down every count of connections.
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
        """Fail a share of the requests from now on, of all users or of one.

        ``seconds`` is the delay of ``slow`` and the gap of ``trickles``. Requests that a fault has
        swallowed stay unanswered when it ends.

        Raises:
            ValueError: the mode is a client fault, or it closes the port and ``uid`` is given: a
                port is closed for all users.
        """
        if BEHAVIOURS[mode].around_call is not None:
            raise ValueError(f"mode: '{mode}' is a fault of the client, not of the backend")
        failure = Failure(mode, seconds, share)
        if uid is not None:
            if BEHAVIOURS[mode].closes_port:
                raise ValueError(f"mode: '{mode}' is not possible for one user")
            self._user_failures[uid] = failure
            return
        self._failure = failure
        await (self._stop(hold=True) if BEHAVIOURS[mode].closes_port else self.start())

    async def recover(self) -> None:
        """End the fault: answer every request from now on."""
        self._failure = None
        self._user_failures.clear()
        await self.start()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        size = crc = 0
        pieces = []
        async for piece in request.content.iter_any():
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            if self.name in _KEEPS_BODY:  # stored audio is only counted and summed
                pieces.append(piece)
        uid = request.query.get("uid", "")
        failure = self._user_failures.get(uid, self._failure)
        number, self._requests[uid] = self._requests[uid], self._requests[uid] + 1
        if failure is not None and not failure.share.has(uid, number):
            failure = None
        behaviour = None if failure is None else BEHAVIOURS[failure.mode]
        if failure and behaviour and behaviour.instead_of_work is not None:
            response = await behaviour.instead_of_work(request, failure.seconds)
            if response is not None:
                return response
        body = b"".join(pieces)
        text = body.decode() if self.name in _OF_TEXT else ""
        self._take(Received(uid, size, crc, dict(request.query), text))
        if behaviour and behaviour.instead_of_answer is not None:
            return behaviour.instead_of_answer(request)
        content = self._content(request, body)
        return web.json_response(status=404) if content is None else web.json_response(content)

    def _take(self, received: Received) -> None:
        """Record a request, unless its delivery id was received before: uploads are idempotent."""
        delivery = received.query.get("delivery_id")
        if delivery is not None:
            if delivery in self._delivered:
                return
            self._delivered.add(delivery)
        self.received.append(received)
        if self.name is Backend.STORAGE:
            self._count(received)

    def _count(self, received: Received) -> None:
        """Count stored audio as it comes: a sum at each sample would cost more with each batch.

        A batch that was stored, and is sent again because the answer was lost, starts at the same
        second of the same conversation, and is at least as long.
        """
        query = received.query
        start = received.uid, query["conversation_id"], query["started_at"]
        before = self._longest.get(start, 0)
        self._longest[start] = max(received.bytes, before)
        self.stored_bytes += self._longest[start] - before


SpeechToText: TypeAlias = Callable[[bytes], list[dict[str, Any]]]
"""Returns the transcript segments of PCM audio."""


class Backends:
    """The fake backends of one pod, by name."""

    def __init__(
        self,
        features: Callable[[str], Features | None],
        transcribe: SpeechToText,
        names: Sequence[Backend],
    ) -> None:
        def answer(name: Backend) -> Callable[[web.BaseRequest, bytes], Any]:
            match name:
                case Backend.USERS:
                    return lambda request, body: _as_dict(features(request.query.get("uid", "")))
                case Backend.SPEECH_TO_TEXT:
                    return lambda request, body: {"segments": transcribe(body)}
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
        """The URL of each backend."""
        return {name: server.url for name, server in self._servers.items()}

    @property
    def stored_bytes(self) -> int:
        """Bytes of audio in storage, each counted once."""
        return self[Backend.STORAGE].stored_bytes

    @property
    def stored_twice_bytes(self) -> int:
        """Bytes stored more than once (each extra copy counts)."""
        received = sum(received.bytes for received in self[Backend.STORAGE].received)
        return received - self.stored_bytes


def _as_dict(features: Features | None) -> dict[str, Any] | None:
    return None if features is None else dataclasses.asdict(features)


@asynccontextmanager
async def serve_backends(
    features: Callable[[str], Features | None] = lambda uid: Features(),
    transcribe: SpeechToText = lambda audio: [],
    names: Sequence[Backend] = PUSHER_BACKENDS,
) -> AsyncIterator[Backends]:
    """Serve the backends in ``names`` on free ports of loopback; stop them on the way out.

    ``features`` returns what a user has switched on, or None if there is no such user;
    ``transcribe`` is what the speech-to-text backend does.
    """
    backends = Backends(features, transcribe, names)
    async with AsyncExitStack() as stack:
        for server in backends:
            stack.push_async_callback(server.stop)
            await server.start()
        yield backends
