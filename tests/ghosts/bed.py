"""The test bed as tests use it: real backends, clients, pusher and devices, simulated time."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from websockets.asyncio.client import ClientConnection, connect

from async_tasks import check_cardinality
from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.clients import Batch, Features, PusherClients
from ghosts.pusher import Pusher, PusherSession, Spool
from ghosts.records.fault import FaultMode
from ghosts.simulation.backends import Backends, Received
from ghosts.simulation.test_bed import TestBed, open_test_bed
from ghosts.variants import SHIPPED, Variant

RATE = 8000
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A test bed, every session and handler that it has had, and the tasks there were before."""

    bed: TestBed
    sessions: list[PusherSession]
    handlers: list[asyncio.Task[object]]
    tasks_before: set[asyncio.Task[object]]

    @property
    def backends(self) -> Backends:
        return self.bed.backends

    @property
    def clients(self) -> PusherClients:
        return self.bed.clients

    @property
    def pusher(self) -> Pusher:
        return self.bed.pusher

    @property
    def spool(self) -> Spool | None:
        return self.bed.spool

    def url(self, query: str, path: str = "/v1/trigger/listen") -> str:
        return f"ws://127.0.0.1:{self.pusher.port}{path}?{query}"

    async def connect(
        self, uid: str = "ada", rate: int = RATE, **options: object
    ) -> ClientConnection:
        """A device. It answers pings, sends none, and has no conversation yet."""
        return await self.open(f"uid={uid}&sample_rate={rate}", **options)

    async def open(self, query: str, **options: object) -> ClientConnection:
        defaults = {"proxy": None, "compression": None, "ping_interval": None}
        return await connect(self.url(query), **defaults | options)

    async def fail(self, backend: Backend, mode: FaultMode, *, seconds: float = 10.0) -> None:
        await self.bed.fail(backend, mode, seconds=seconds)

    async def recover(self, backend: Backend) -> None:
        await self.bed.recover(backend)

    @property
    def gauge(self) -> int:
        return self.pusher.metrics.gauge

    @property
    def dropped(self) -> dict[str, int]:
        return self.pusher.metrics.dropped_bytes

    @property
    def held(self) -> int:
        in_memory = sum(session.private_cloud.held_bytes for session in self.sessions)
        return in_memory + (self.spool.size if self.spool else 0)

    @property
    def stored(self) -> list[Received]:
        return self.backends[Backend.STORAGE].received

    def tcp(self) -> int:
        """Established connections of the pusher's port, as the operating system counts them."""
        return sum(
            one.laddr.port == self.pusher.port and one.status == psutil.CONN_ESTABLISHED
            for one in psutil.Process().net_connections("tcp4")
        )

    def assert_audio_adds_up(self) -> None:
        metrics = self.pusher.metrics
        stored = int(metrics.registry.get_sample_value("pusher_audio_stored_bytes_total") or 0)
        assert metrics.received_bytes == stored + sum(self.dropped.values()) + self.held

    def assert_at_rest(self) -> None:
        """Gauge 0, no connection, no handler, no task of any session, nor of a library for one."""
        left = {
            task.get_name()
            for task in asyncio.all_tasks() - self.tasks_before
            if "RequestHandler" not in task.get_coro().__qualname__  # a backend's kept connection
        }
        assert (self.gauge, self.tcp(), left) == (0, 0, set())
        assert "0 handlers" in repr(self.pusher)
        self.assert_audio_adds_up()


@asynccontextmanager
async def serve_bed(
    variant: Variant, features: Features | None = None, *, spool: Spool | None = None
) -> AsyncIterator[Bed]:
    sessions: list[PusherSession] = []
    handlers: list[asyncio.Task[object]] = []

    async def watched(session: PusherSession) -> None:
        sessions.append(session)
        handlers.append(asyncio.current_task())
        await variant.pusher.lifecycle(session)

    watching = replace(variant, pusher=replace(variant.pusher, lifecycle=watched))
    async with open_test_bed(watching, features, measure_memory=False, spool=spool) as bed:
        yield Bed(bed=bed, sessions=sessions, handlers=handlers, tasks_before=asyncio.all_tasks())
        check_cardinality(bed.pusher.metrics.registry, prefix="pusher_")


@asynccontextmanager
async def shipped_pod(
    path: Path, max_bytes: int = config.SPOOL_MAX_BYTES, features: Features | None = None
) -> AsyncIterator[Bed]:
    """A pod of the version to ship, with its spool in that file."""
    with Spool(path, max_bytes) as spool:
        async with serve_bed(SHIPPED, features, spool=spool) as bed:
            yield bed


@dataclass(frozen=True, slots=True)
class Attempt:
    at: float
    conversation_id: str
    started_at: float
    audio: bytes


def spy_on_uploads(bed: Bed, monkeypatch) -> list[Attempt]:
    """What is handed to the storage client, and when; it goes on to storage as ever."""
    attempts: list[Attempt] = []
    upload = bed.clients.upload

    async def spied(batch: Batch) -> None:
        attempts.append(Attempt(now(), batch.conversation_id, batch.started_at, batch.audio))
        await upload(batch)

    monkeypatch.setattr(bed.clients, "upload", spied)
    return attempts


async def send(device: ClientConnection, *messages: protocol.Message) -> None:
    for message in messages:
        await device.send(protocol.encode(message))


def audio(
    seconds: float, *, rate: int = RATE, at: float = 0.0, fill: bytes = b"\0"
) -> protocol.Audio:
    """A frame's worth of audio, of any length, that starts at that Unix time."""
    return protocol.Audio(at, fill * (round(seconds * rate) * 2))


def size(seconds: float, rate: int = RATE) -> int:
    return round(seconds * rate) * 2


def reset(device: ClientConnection) -> None:
    """Let the device's host answer with a reset from now on."""
    link: socket.socket = device.transport.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    device.transport.abort()


def session_tasks() -> list[str]:
    return sorted(
        task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("ws:")
    )


def now() -> float:
    return asyncio.get_running_loop().time()


def troubles(records: list[logging.LogRecord]) -> list[str]:
    """What was logged as a warning or worse, by anybody; none of it may be a traceback."""
    worse = [record for record in records if record.levelno >= logging.WARNING]
    assert [record for record in worse if record.exc_info] == []
    return [record.getMessage() for record in worse]
