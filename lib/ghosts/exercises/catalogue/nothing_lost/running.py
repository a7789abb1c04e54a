"""One process of the pod: it calls a version with audio, runs its ``deliver``, and ends."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ghosts.clients import PusherClients
from ghosts.exercises.catalogue.nothing_lost.case import (
    DISK_FULL,
    EPOCH,
    Conversation,
    Process,
    moments,
)
from ghosts.exercises.catalogue.nothing_lost.observed import Failed, Observed, Piece, found_on
from ghosts.exercises.catalogue.nothing_lost.spools import Spools
from ghosts.exercises.catalogue.nothing_lost.storage_client import Uploads
from ghosts.exercises.lines import line_of, suspended_at
from ghosts.observation.ownership import owned_by, tasks_by_owner
from ghosts.simulation.clock import sleep_until
from tracemalloc_ext import awaits

STOP_SECONDS: Final = 10
"""How long ``deliver`` may take to end when it is cancelled."""

ENDS: Final = (
    Exception,
    asyncio.CancelledError,
    GeneratorExit,
    KeyboardInterrupt,
    SystemExit,
)
"""What code of the reader's may raise. The guard's own exception is none of these."""

_ENOUGH: Final = 20
"""Confirmations of one delivery after which the run ends: it is repeated without an end."""
_FIRST: Final = 40
"""Seconds in which the folder is searched for each piece that was kept."""


def _is_full() -> bool:
    return DISK_FULL[0] <= asyncio.get_running_loop().time() < DISK_FULL[1]


def exception_in_words(error: BaseException) -> str:
    """Return the type and the text of an exception."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


@dataclass(slots=True, kw_only=True)
class Running:
    """One process with a version of the reader's. ``disk`` is its folder.

    Args:
        waiting: The seconds of the pieces that each device has, and that ``keep`` has not taken.
    """

    process: Process
    disk: Path
    uploads: Uploads
    seen: Observed
    waiting: dict[Conversation, list[int]]
    spools: Spools = field(default_factory=Spools)
    _ending: bool = False

    async def run(self, answer: type, clients: PusherClients, kept: Path) -> None:
        """Run it to its end, and copy its disk, as it is at that moment, to ``kept``."""
        with owned_by(self.process):
            version = self._call("__init__", answer, self.disk)
            if version is None:
                self.seen.ended_early = True
                return
            delivering = asyncio.create_task(self._deliver(version, clients), name="deliver")
            await self._receive(version)
        await self._end(delivering, lambda: shutil.copytree(self.disk, kept))
        self.spools.close()

    async def _deliver(self, version: Any, clients: PusherClients) -> None:
        try:
            await version.deliver(clients)
        except ENDS as error:
            if not self._ending:
                self._note("deliver", error)
        else:
            if self.seen.returned_at is None and not self._ending:
                self.seen.returned_at = asyncio.get_running_loop().time()

    async def _receive(self, version: Any) -> None:
        for second, senders in moments(self.process.begin, self.process.end):
            await sleep_until(second)
            if self.uploads.most_confirmed > _ENOUGH:
                self.seen.ended_early = True
                return
            before = set(found_on(self.disk, self.seen.pieces)) if _is_full() else set()
            for each, at in senders:
                self.waiting[each].append(at)
                self._send(version, each)
            if before:
                self.seen.removed_when_full |= before - set(found_on(self.disk, [*before]))
            for each, _ in senders:
                if each.over and each.last == second:
                    self._end_session(version, each)
        if asyncio.get_running_loop().time() < self.process.end:  # or killed at this very moment
            await sleep_until(self.process.end)

    def _end_session(self, version: Any, conversation: Conversation) -> None:
        pieces = [each for each in self.seen.pieces if each.conversation is conversation]
        before = set(found_on(self.disk, pieces))
        self._call("session_ended", version.session_ended, conversation.key)
        self.seen.removed_with_session |= before.difference(found_on(self.disk, pieces))

    def _send(self, version: Any, conversation: Conversation) -> None:
        """Call ``keep`` with each piece that a device has, until one of them is refused."""
        waiting, key = self.waiting[conversation], conversation.key
        while waiting:
            started_at = EPOCH + waiting[0]
            self.spools.not_kept.clear()
            try:
                version.keep(key, started_at, conversation.audio(waiting[0]))
            except ENDS as error:
                if not (_is_full() and isinstance(error, Exception)):
                    self._note("keep", error)
                self.seen.refused.add((key, started_at))
                return
            did_not_fit = (key, started_at) in self.spools.not_kept
            piece = Piece(conversation, waiting.pop(0), self.process.number, did_not_fit)
            self.seen.pieces.append(piece)
            if piece.complete < _FIRST and not piece.is_like_others:
                self.seen.writes_at_once &= bool(found_on(self.disk, [piece]))

    async def _end(self, delivering: asyncio.Task[None], keep_disk: Callable[[], object]) -> None:
        self._ending = True
        if self.process.killed:
            keep_disk()
            self.uploads.gone = True
            delivering.cancel()
            await asyncio.wait([delivering], timeout=STOP_SECONDS)
        else:
            await self._stop(delivering)
            keep_disk()
        await self._end_tasks()

    async def _stop(self, delivering: asyncio.Task[None]) -> None:
        before = set(found_on(self.disk, self.seen.pieces))
        delivering.cancel()
        await asyncio.wait([delivering], timeout=STOP_SECONDS)
        if not delivering.done() and self.seen.went_on is None:
            self.seen.went_on = self.process.end, suspended_at(awaits(delivering))
        self.seen.removed_at_stop |= before.difference(found_on(self.disk, self.seen.pieces))

    async def _end_tasks(self) -> None:
        """End the tasks that the version has started: they end with their process."""
        tasks = tasks_by_owner(asyncio.get_running_loop(), Process).get(self.process, [])
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)

    def _call(self, method: str, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            return function(*arguments)
        except ENDS as error:
            self._note(method, error)
            return None

    def _note(self, method: str, error: BaseException) -> None:
        if self.seen.failed is None:
            words = exception_in_words(error)
            now = asyncio.get_running_loop().time()
            line = line_of(error.__traceback__)
            ends_process = not isinstance(error, Exception)
            self.seen.failed = Failed(method, words, line, now, ends_process)
