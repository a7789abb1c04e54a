"""Speech: a session's audio on its way to being text."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from async_tasks import ticks
from ghosts import settings
from ghosts.backends import BackendError, ListenClients
from ghosts.listen.events import Status
from ghosts.listen.metrics import Metrics
from ghosts.service import Lifetime

_log = logging.getLogger("ghosts.listen")
_AT_ONCE: Final = 960_000
"""Bytes that are sent to be heard in one call, at most (ours): a minute at 8 kHz."""


class Speech:
    """One session's audio that has not been heard; of 10 MiB the oldest goes.

    ``keeps`` is whether a piece is kept until it was heard. As published it is not: what is sent
    while the service fails is not heard by anybody.
    """

    def __init__(
        self, uid: str, lifetime: Lifetime, clients: ListenClients, metrics: Metrics, *, keeps: bool
    ) -> None:
        self._uid = uid
        self._lifetime = lifetime
        self._clients = clients
        self._metrics = metrics
        self._keeps = keeps
        self._work = lifetime.work()
        self._unheard = bytearray()
        self._in_hand = 0

    def __repr__(self) -> str:
        return f"<Speech {self._uid}: {len(self._unheard):,} B unheard>"

    def add(self, pcm: bytes) -> None:
        """Take audio."""
        self._unheard += pcm
        too_many = len(self._unheard) - settings.AUDIO_BUFFER_MAX
        if too_many > 0:
            # Not what is being heard just now, which comes first.
            del self._unheard[self._in_hand : self._in_hand + too_many]
            self._metrics.unheard.inc(too_many)
        self._work.set()

    async def run(
        self,
        tell: Callable[[Status], object],
        take: Callable[[list[dict[str, Any]]], Awaitable[None]],
    ) -> None:
        """Have audio heard, each second; return once the session is over and nothing is left.

        It is as slow as the service is: a call without an answer holds it for ever. ``tell`` is
        called with how far it has come, ``take`` with what was heard, in order. Cancelled, it
        leaves what is unheard, and counts it.
        """
        tell(Status.STT_INITIATING)
        looks = ticks(self._lifetime.shutdown, settings.SPEECH_TICK, work=self._work)
        try:
            await self._open()
            tell(Status.READY)
            async for look in looks:
                await self._hear(take)
                while look.last and self._unheard:
                    await asyncio.sleep(settings.SPEECH_BACKOFF)
                    await self._hear(take)
                if self._lifetime.disconnected and not self._unheard:
                    return
                looks.due_in(settings.SPEECH_BACKOFF if self._unheard else None)
        finally:
            self._metrics.unheard.inc(len(self._unheard))

    async def _open(self) -> None:
        try:
            await self._clients.hear(self._uid, b"")
        except BackendError as error:
            _log.warning("%s: speech to text did not open: %s", self._uid, error)

    async def _hear(self, take: Callable[[list[dict[str, Any]]], Awaitable[None]]) -> None:
        """Have what is there heard; stop at the first piece that was not."""
        while self._unheard:
            piece = bytes(self._unheard[:_AT_ONCE])
            if not self._keeps:
                del self._unheard[: len(piece)]
            heard = False
            self._in_hand = len(piece) if self._keeps else 0
            try:
                segments = await self._clients.hear(self._uid, piece)
                heard = True
            except BackendError as error:
                _log.warning("%s: %d bytes not heard: %s", self._uid, len(piece), error)
                return
            finally:
                self._in_hand = 0
                if not heard and not self._keeps:
                    self._metrics.unheard.inc(len(piece))
            if self._keeps:
                del self._unheard[: len(piece)]
            if segments:
                await take(segments)
