"""What an answer is judged by: most of an hour of a pod, with an outage, a crash and slow storage.

Storage is a real HTTP server, uploads run on the pod's pool of workers, which cannot be cancelled,
and the disk is a real folder. Time is simulated. Audio comes as calls, without devices.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.clients import PUBLISHED, Batch, ClientSettings, Features, connect_pusher_clients
from ghosts.config import GHOST_AFTER
from ghosts.exercises.guarded import Guard, line_of
from ghosts.observation.ownership import owned_by
from ghosts.pusher import Spool
from ghosts.pusher.spool_file import Key
from ghosts.records.fault import FaultMode
from ghosts.replay.run import quiet_by_default
from ghosts.simulation.backends import Backends, serve_backends
from ghosts.simulation.clock import simulate, sleep_until
from ghosts.ws_server import fewer_collections

BYTES_PER_SECOND: Final = 1600
STEP: Final = 10
"""Seconds of audio in each piece."""
HALF_LEAVE_AT: Final = 600
CRASH_AT: Final = 1295
ALL_LEAVE_AT: Final = 1400
END: Final = 2600
OUTAGE: Final = (120, 720)
SLOW: Final = (1000, 1300)
SLOW_SECONDS: Final = 20.0
_FAULTS: Final = (
    (OUTAGE, FaultMode.NEVER_ANSWERS),
    (SLOW, FaultMode.SLOW),
    ((1300, 1380), FaultMode.ANSWER_LOST),
)
_KEYS: Final = tuple(Key(f"device-{number}", f"conversation-{number}") for number in range(8))
_FIRST_HALF: Final = _KEYS[:4]

Make = Callable[[Path], Any]
"""The reader's class: made with the folder of the pod's disk."""


@dataclass(slots=True, kw_only=True)
class Failed:
    """An exception of the reader's code."""

    method: str
    words: str
    line: str
    at: float


@dataclass(slots=True)
class Hour:
    """What was observed."""

    received: int = 0
    stored: int = 0
    twice: int = 0
    stored_when_slow: int = 0
    """Bytes stored in the minutes in which storage was slow."""
    blocked: int = 0
    """The most workers that were in one call for over 150 s."""
    failed: Failed | None = None
    returned_at: float | None = None
    """When ``deliver`` returned, which nobody had asked for."""
    missing: list[tuple[Key, int]] = field(default_factory=list)
    """Pieces that were never stored: the conversation, and the second at which they came."""
    confirmed: Counter[str | None] = field(default_factory=Counter)
    """How often an upload under each delivery id was confirmed."""
    ids: dict[tuple[str, float], set[str | None]] = field(default_factory=dict)
    """Delivery ids under which the same audio was sent, by uid and start."""
    starts: dict[str, set[tuple[str, float]]] = field(default_factory=dict)
    """What was sent under a delivery id, by uid and start."""
    spool_elsewhere: bool = False
    """Whether there is a spool, and nothing in the folder that was given."""
    attempts: int = 0


def run(make: Make, deadline: float | None, on_progress: Callable[[float], object]) -> Hour:
    """Run the hour with the reader's version.

    Raises:
        StuckError: it never returns to the event loop.
    """

    def simulated() -> Hour:
        with quiet_by_default(), fewer_collections():
            return simulate(_Pod(make, deadline, guard.enter_loop).hour)

    guard = Guard(simulated)
    return guard.result(on_progress)


class _Pod:
    """A pod, which is killed once: its second process has the disk of the first one."""

    def __init__(
        self, make: Make, deadline: float | None, enter_loop: Callable[[], object]
    ) -> None:
        self._make = make
        self._enter_loop = enter_loop
        total = aiohttp.ClientTimeout(total=deadline)
        self._settings = ClientSettings(timeouts={**PUBLISHED.timeouts, Backend.STORAGE: total})
        self._seen = Hour()
        self._kept: list[tuple[Key, int]] = []

    async def hour(self) -> Hour:
        with owned_by(self):  # what blocks the loop is ended if it has an owner
            return await self._hour()

    async def _hour(self) -> Hour:
        self._enter_loop()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        async with AsyncExitStack() as stack:
            disks = Path(stack.enter_context(TemporaryDirectory(prefix="exercise-")))
            backends = await stack.enter_async_context(
                serve_backends(lambda uid: Features(), lambda audio: [], PUSHER_BACKENDS)
            )
            faults = asyncio.create_task(self._fail(backends))
            stack.callback(faults.cancel)
            first, second = disks / "first", disks / "second"
            first.mkdir()
            await self._process(backends, first, second, CRASH_AT)
            await self._process(backends, second, disks / "last", END)
            self._look_into(backends)
        return self._seen

    async def _process(self, backends: Backends, disk: Path, survives: Path, until: int) -> None:
        """Run one process until it is killed: what survives is the disk at that moment."""
        async with connect_pusher_clients(backends.addresses, self._settings) as clients:
            send = clients.upload

            async def upload(batch: Batch) -> None:
                self._seen.attempts += 1
                start = batch.uid, batch.started_at
                self._seen.ids.setdefault(start, set()).add(batch.delivery_id)
                if batch.delivery_id is not None:
                    self._seen.starts.setdefault(batch.delivery_id, set()).add(start)
                await send(batch)
                self._seen.confirmed[batch.delivery_id] += 1

            clients.upload = upload  # type: ignore[method-assign]
            version = self._call("__init__", self._make, disk)
            if version is None:
                return
            delivering = asyncio.create_task(self._delivered(version, clients), name="deliver")
            while (now := round(asyncio.get_running_loop().time())) < until:
                self._receive(version, now)
                await sleep_until(min(until, (now // STEP + 1) * STEP))
                blocked = clients.uploads.busy_for(GHOST_AFTER)
                self._seen.blocked = max(self._seen.blocked, blocked)
            shutil.copytree(disk, survives)
            delivering.cancel()
            await asyncio.wait([delivering], timeout=1)
            self._close_spools(version, disk)

    def _close_spools(self, version: Any, disk: Path) -> None:
        parts = vars(version).values() if hasattr(version, "__dict__") else ()
        for spool in [part for part in parts if isinstance(part, Spool)]:
            spool.close()
            self._seen.spool_elsewhere |= not any(disk.iterdir())

    async def _delivered(self, version: Any, clients: Any) -> None:
        try:
            await version.deliver(clients)
        except Exception as error:
            self._note("deliver", error)
        else:
            if self._seen.returned_at is None:
                self._seen.returned_at = asyncio.get_running_loop().time()

    def _receive(self, version: Any, now: int) -> None:
        for key in _KEYS:
            leaves = HALF_LEAVE_AT if key in _FIRST_HALF else ALL_LEAVE_AT
            if now < leaves and now % STEP == 0:
                self._kept.append((key, now))
                audio = bytes(STEP * BYTES_PER_SECOND)
                self._call("keep", version.keep, key, float(now), audio)
            if now == leaves:
                self._call("session_ended", version.session_ended, key)

    def _call(self, method: str, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            self._note(method, error)
            return None

    def _note(self, method: str, error: Exception) -> None:
        if self._seen.failed is None:
            words = f"{type(error).__name__}: {error}".removesuffix(": ")
            now = asyncio.get_running_loop().time()
            line = line_of(error.__traceback__)
            self._seen.failed = Failed(method=method, words=words, line=line, at=now)

    async def _fail(self, backends: Backends) -> None:
        storage = backends[Backend.STORAGE]
        for (start, end), mode in _FAULTS:
            await sleep_until(start)
            before = storage.stored_bytes
            await storage.fail(mode, seconds=SLOW_SECONDS)
            await sleep_until(end)
            if mode is FaultMode.SLOW:
                self._seen.stored_when_slow = storage.stored_bytes - before
            await storage.recover()

    def _look_into(self, backends: Backends) -> None:
        piece = STEP * BYTES_PER_SECOND
        stored: set[tuple[str, int]] = set()
        for each in backends[Backend.STORAGE].received:
            start = round(float(each.query["started_at"]))
            stored |= {(each.uid, start + n * STEP) for n in range(each.bytes // piece)}
        self._seen.received = len(self._kept) * piece
        self._seen.stored = backends.stored_bytes
        self._seen.twice = backends.stored_twice_bytes
        self._seen.missing = [(key, at) for key, at in self._kept if (key.uid, at) not in stored]
