"""Devices, listen, the pusher and the backends for tests: real sockets, simulated time."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import psutil
from bed import now, size
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from async_tasks import check_cardinality
from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.listen.session import ListenSession
from ghosts.protocol import LISTEN_PATH
from ghosts.protocol.device_messages import PING
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast
from ghosts.simulation.backends import Received
from ghosts.simulation.test_bed import TestBed, open_test_bed
from ghosts.variants import VARIANTS

RATE = 8000
SECOND = size(1, RATE)
NAMES = ("gather_all", "supervised", "shipped")
"""Variants of both services."""
WITHIN_SUPERVISED = (
    config.BG_DRAIN_TIMEOUT
    + config.CANCEL_ACK_TIMEOUT  # after the drain
    + config.CANCEL_ACK_TIMEOUT  # in the clean-up
    + config.WS_CLOSE_TIMEOUT
)
WITHIN_SHIPPED = WITHIN_SUPERVISED - config.BG_DRAIN_TIMEOUT + config.LISTEN_DRAIN_TIMEOUT
WITHIN_GATHER = config.USAGE_POLL_INTERVAL
"""The slowest poller is waited for."""
AN_HOUR = 3600.0


class Device:
    """One that plays the podcast. It answers pings, and notes with their times what it is told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[tuple[float, Any]] = []
        self.played = 0
        self._listening = asyncio.create_task(self._listen(), name="device")

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self.connection:
                event = message if message == PING else json.loads(message)
                self.told.append((now(), event))

    async def play(self, seconds: int) -> None:
        """Send the next seconds of the podcast, each when it is over."""
        for _ in range(seconds):
            await asyncio.sleep(1)
            await self.connection.send(podcast.part(self.played, 1, RATE))
            self.played += 1

    async def stay(self, seconds: float) -> None:
        """Say nothing, but that it is there."""
        while seconds > 0:
            await self.connection.send("here")
            pause = min(config.CLIENT_INACTIVITY / 2, seconds)
            await asyncio.sleep(pause)
            seconds -= pause

    async def leave(self) -> None:
        await self.connection.close()

    @property
    def close_code(self) -> int | None:
        return self.connection.close_code

    def events(self, kind: str) -> list[dict[str, Any]]:
        told = (event for _, event in self.told if event != PING)
        return [event for event in told if event["type"] == kind]

    def times(self, kind: str) -> list[float]:
        """When it was told something of a kind, to a tenth of a second."""
        return [
            round(at, 1)
            for at, event in self.told
            if (event if event == PING else event["type"]) == kind
        ]

    @property
    def words(self) -> int:
        """How many words it was told that were heard."""
        return count_words([one for event in self.events("segments") for one in event["segments"]])


class Both:
    """Both services, by the lifecycle that both have."""

    def __init__(self, name: str, bed: TestBed) -> None:
        self.name = name
        self.bed = bed
        assert bed.listen is not None
        self.listen = bed.listen
        self._sessions: list[ListenSession] = []
        self._keep_sessions()

    async def connect(self, uid: str = "ada", **query: object) -> Device:
        return await self.open(f"uid={uid}", **{"sample_rate": RATE, **query})

    async def open(self, uid: str, **query: object) -> Device:
        more = "".join(f"&{name}={value}" for name, value in query.items())
        url = f"ws://127.0.0.1:{self.listen.port}{LISTEN_PATH}?{uid}{more}"
        options = {"proxy": None, "compression": None, "ping_interval": None, "max_queue": None}
        return Device(await connect(url, **options))

    @property
    def gauge(self) -> int:
        return self.listen.metrics.gauge

    @property
    def pusher_gauge(self) -> int:
        return sum(one.metrics.gauge for one in self.bed.observer.pushers)

    def tcp(self) -> int:
        """Established connections of listen's port, as the operating system counts them."""
        return connections_of(self.listen.port)

    def pusher_tcp(self) -> int:
        return connections_of(self.bed.pusher.port)

    def session(self, uid: str = "ada") -> ListenSession:
        """The latest session of a user, also when it has ended."""
        return [one for one in self._sessions if one.uid == uid][-1]

    def forget_sessions(self) -> None:
        """Keep the sessions so far no longer."""
        self._sessions.clear()

    def _keep_sessions(self) -> None:
        """Keep every session from when it opens: the tracker forgets those that have ended."""
        tracker = self.bed.observer.listen_sessions
        note = tracker._note

        def keep(kind: str, who: str, detail: str) -> None:
            note(kind, who, detail)
            if kind == "listening_opened":
                opened = tracker.open.values()
                self._sessions += [one for one in opened if one not in self._sessions]

        tracker._note = keep

    def lost(self, name: str, **labels: str) -> int:
        return int(self.listen.metrics.registry.get_sample_value(f"{name}_total", labels) or 0)

    def received(self, backend: Backend) -> list[Received]:
        return self.bed.backends[backend].received

    def processed(self) -> list[str]:
        """The conversations that were processed, in order."""
        return [one.query["conversation_id"] for one in self.received(Backend.CONVERSATIONS)]

    @property
    def stored(self) -> int:
        return self.bed.backends.stored_bytes

    def words_at(self, backend: Backend) -> int:
        """How many words a service was sent, of a webhook or an app."""
        texts = [json.loads(one.text) for one in self.received(backend)]
        return count_words([segment for segments in texts for segment in segments])

    def break_links(self) -> None:
        """Cut every connection to the pusher, as a load balancer may do."""
        for session in self.bed.observer.sessions.open.values():
            session.connection.transport.abort()

    def stall_links(self) -> None:
        """Let the pusher, and soon its kernel, take nothing more of the connections there are."""
        for session in self.bed.observer.sessions.open.values():
            transport = session.connection.transport
            transport.pause_reading()
            link: socket.socket = transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)

    async def fail(self, backend: Backend, mode: FaultMode, seconds: float = 10.0) -> None:
        await self.bed.fail(backend, mode, seconds=seconds)

    def assert_at_rest(self) -> None:
        """Both gauges at 0, no connection of either port, and no task of any session."""
        counts = self.gauge, self.tcp(), self.pusher_gauge, self.pusher_tcp()
        assert (counts, tasks("listen"), tasks("ws")) == ((0, 0, 0, 0), [], [])


@asynccontextmanager
async def serve_both(
    name: str, features: Features | None = None, *, spool_bytes: int | None = None
) -> AsyncIterator[Both]:
    """Serve backends, pusher and listen of the variant of this name."""
    variant = VARIANTS[name]
    if spool_bytes is not None:
        variant = replace(variant, pusher=replace(variant.pusher, spool_bytes=spool_bytes))
    async with open_test_bed(variant, features, through_listen=True, measure_memory=False) as bed:
        both = Both(name, bed)
        yield both
        check_cardinality(both.listen.metrics.registry, prefix="listen_")


class _Stranger(asyncio.Protocol):
    def __init__(self, came: list[float], held: list[asyncio.Transport], *, hangs_up: bool) -> None:
        self._came = came
        self._held = held
        self._hangs_up = hangs_up

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._came.append(now())
        self._held.append(transport)
        if self._hangs_up:
            transport.abort()


@asynccontextmanager
async def stranger_on_the_port(both: Both, *, hangs_up: bool) -> AsyncIterator[list[float]]:
    """Listen where the pusher did that was stopped: hang up at once, or never say a word.

    Yields the times at which somebody came.
    """
    came: list[float] = []
    held: list[asyncio.Transport] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: _Stranger(came, held, hangs_up=hangs_up), "127.0.0.1", both.bed.pusher.port
    )
    try:
        yield came
    finally:
        server.close()
        for transport in held:
            transport.abort()
        await asyncio.sleep(0)


def connections_of(port: int) -> int:
    return sum(
        one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED
        for one in psutil.Process().net_connections("tcp4")
    )


def count_words(segments: list[dict[str, Any]]) -> int:
    return sum(len(segment["text"].split()) for segment in segments)


def tasks(service: str, uid: str = "ada") -> list[str]:
    """The tasks of a user's sessions, by the end of their names."""
    prefix = f"{service}:{uid}:"
    names = (task.get_name() for task in asyncio.all_tasks())
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def forget_users(both: Both) -> None:
    """Have the users' service know nobody."""
    both.bed.backends[Backend.USERS]._content = lambda request, body: None


def within(name: str) -> float:
    """Seconds in which a session ends that nothing holds up."""
    return WITHIN_GATHER + 1 if name == "gather_all" else 0.001
