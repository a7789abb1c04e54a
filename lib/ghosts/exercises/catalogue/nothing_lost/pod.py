"""Runs a version in one process of a pod after the other: their disk survives, nothing else does.

Storage is a real HTTP server, uploads run on the pod's pool of workers, which cannot be cancelled,
and the disk is a real folder. Time is simulated. Audio comes as calls, without devices.
"""

import asyncio
import math
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.clients import PUBLISHED, ClientSettings, Features, connect_pusher_clients
from ghosts.exercises.catalogue.nothing_lost.case import (
    CONVERSATIONS,
    DISK_FULL,
    EMPTIED,
    FAULTS,
    PROCESSES,
    SLOW_SECONDS,
    Conversation,
    Process,
)
from ghosts.exercises.catalogue.nothing_lost.clocks import simulated_clocks
from ghosts.exercises.catalogue.nothing_lost.memory import new_process
from ghosts.exercises.catalogue.nothing_lost.observed import Observed
from ghosts.exercises.catalogue.nothing_lost.running import Running
from ghosts.exercises.catalogue.nothing_lost.spools import disk_full
from ghosts.exercises.catalogue.nothing_lost.storage_client import Uploads
from ghosts.exercises.guarded import Guard
from ghosts.observation.ownership import owned_by
from ghosts.replay.run import quiet_by_default
from ghosts.simulation.backends import Backends, serve_backends
from ghosts.simulation.clock import simulate, sleep_until
from ghosts.ws_server import fewer_collections

_WORKING: Final = "working"
"""The working folder of the processes: each finds it empty."""


def outlives_its_folder(answer: type, deadline: float | None) -> bool:
    """Return whether audio of a process is uploaded by the next one, which has an empty folder.

    Raises:
        StuckError: it never returns to the event loop.
    """
    seen = _run(answer, deadline, lambda seconds: None, EMPTIED)
    before = {
        (each.conversation.key, each.range[0])
        for each in seen.pieces
        if each.process == 0 and not each.conversation.silent
    }
    return any(each.process == 1 for piece in before for each in seen.tries[piece])


def run(answer: type, deadline: float | None, on_progress: Callable[[float], object]) -> Observed:
    """Run the case with the reader's version.

    Raises:
        StuckError: it never returns to the event loop.
    """

    return _run(answer, deadline, on_progress, PROCESSES)


def _run(
    answer: type,
    deadline: float | None,
    on_progress: Callable[[float], object],
    processes: Sequence[Process],
) -> Observed:
    def simulated() -> Observed:
        with quiet_by_default(), fewer_collections():
            return simulate(_Pod(answer, deadline, disks, guard.enter_loop, processes).life)

    guard = Guard(simulated)
    with TemporaryDirectory(prefix="exercise-") as folder:
        disks = Path(folder).resolve()
        (disks / _WORKING).mkdir()
        with chdir(disks / _WORKING):
            seen = guard.result(on_progress)
        seen.find_missing(disks)
    return seen


class _Pod:
    def __init__(
        self,
        answer: type,
        deadline: float | None,
        disks: Path,
        enter_loop: Callable[[], object],
        processes: Sequence[Process],
    ) -> None:
        self._answer = answer
        self._disks = disks
        self._enter_loop = enter_loop
        self._processes = processes
        total = aiohttp.ClientTimeout(total=deadline, ceil_threshold=math.inf)
        self._settings = ClientSettings(timeouts={**PUBLISHED.timeouts, Backend.STORAGE: total})
        self._uploads = Uploads(deadline)
        self._seen = Observed(uploads=self._uploads.tried)
        self._waiting: dict[Conversation, list[int]] = {each: [] for each in CONVERSATIONS}

    async def life(self) -> Observed:
        with owned_by(self):  # what blocks the loop is ended if it has an owner
            return await self._life()

    async def _life(self) -> Observed:
        self._enter_loop()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)
        async with AsyncExitStack() as stack:
            stack.enter_context(simulated_clocks(self._answer))
            stack.enter_context(
                disk_full(self._disks, lambda: DISK_FULL[0] <= loop.time() < DISK_FULL[1])
            )
            backends = await stack.enter_async_context(
                serve_backends(lambda uid: Features(), lambda audio: [], PUSHER_BACKENDS)
            )
            faults = asyncio.create_task(_fail(backends))
            stack.callback(faults.cancel)
            for process in self._processes:
                if not self._seen.ended_early:
                    await self._run_process(process, backends)
            self._seen.stored = [
                self._uploads.sent(each.bytes, each.crc, each.query)
                for each in backends[Backend.STORAGE].received
            ]
        return self._seen

    async def _run_process(self, process: Process, backends: Backends) -> None:
        """Run a process in the folder ``disk``, and leave a copy of that folder at its end."""
        for each in (self._disks / _WORKING).iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        disk, before = self._disks / "disk", self._disks / f"{process.number - 1}"
        if before.exists():
            shutil.rmtree(disk)
        if before.exists() and self._processes is not EMPTIED:
            shutil.copytree(before, disk)
        else:
            disk.mkdir()
        self._uploads.process, self._uploads.gone = process.number, False
        running = Running(
            process=process,
            disk=disk,
            uploads=self._uploads,
            seen=self._seen,
            waiting=self._waiting,
        )
        async with connect_pusher_clients(
            backends.addresses, self._settings, self._uploads.client
        ) as clients:
            with new_process(self._answer, process.number), running.spools.watched():
                await running.run(self._answer, clients, self._disks / f"{process.number}")
        self._seen.sizes += running.spools.sizes
        self._seen.elsewhere |= {
            path.name for path in running.spools.paths if not path.resolve().is_relative_to(disk)
        }


async def _fail(backends: Backends) -> None:
    storage = backends[Backend.STORAGE]
    for (start, end), mode in FAULTS:
        await sleep_until(start)
        await storage.fail(mode, seconds=SLOW_SECONDS)
        await sleep_until(end)
        await storage.recover()
