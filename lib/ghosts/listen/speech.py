"""Speech: transcribes the audio of a session."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from async_tasks import poll
from ghosts import config
from ghosts.clients import BackendError, ListenClients
from ghosts.listen.metrics import ListenMetrics
from ghosts.protocol.device_messages import Status
from ghosts.ws_server import StopSignals

_log = logging.getLogger("ghosts.listen")
_BYTES_PER_CALL: Final = 960_000
"""Bytes of audio in one call of speech to text, at most (ours): a minute at 8 kHz."""


class Speech:
    """The audio of one session that is not transcribed yet; beyond 10 MiB the oldest is dropped.

    Args:
        uid: The user.
        signals: Those of the session.
        clients: Calls speech to text.
        metrics: Counts the audio that is never transcribed.
        keeps: Whether audio is kept until its call has succeeded. As published it is not: audio is
            lost whose call fails.
    """

    def __init__(
        self,
        uid: str,
        signals: StopSignals,
        clients: ListenClients,
        metrics: ListenMetrics,
        *,
        keeps: bool,
    ) -> None:
        self._uid = uid
        self._signals = signals
        self._clients = clients
        self._metrics = metrics
        self._keeps = keeps
        self._work = signals.work_event()
        self._unheard = bytearray()
        self._in_hand = 0

    def __repr__(self) -> str:
        return f"<Speech {self._uid}: {len(self._unheard):,} B unheard>"

    def add(self, pcm: bytes) -> None:
        """Append audio."""
        self._unheard += pcm
        too_many = len(self._unheard) - config.AUDIO_BUFFER_MAX
        if too_many > 0:
            # Not the oldest: that is the piece of the call in progress, removed when it succeeds.
            del self._unheard[self._in_hand : self._in_hand + too_many]
            self._metrics.unheard.inc(too_many)
        self._work.set()

    async def transcribe(
        self,
        tell: Callable[[Status], object],
        take: Callable[[list[dict[str, Any]]], Awaitable[None]],
    ) -> None:
        """Transcribe audio each second; return after the disconnect, when none is left.

        It has no bound: as published, a call that is never answered blocks it indefinitely.
        Cancelling it drops, and counts, what is not transcribed.

        Args:
            tell: Called with the stages of setting up.
            take: Called with the segments of each call, in order.
        """
        tell(Status.STT_INITIATING)
        polls = poll(self._signals.shutdown, config.SPEECH_POLL_INTERVAL, work=self._work)
        try:
            await self._open()
            tell(Status.READY)
            async for one in polls:
                await self._hear(take)
                while one.last and self._unheard:
                    await asyncio.sleep(config.SPEECH_BACKOFF)
                    await self._hear(take)
                if self._signals.disconnected and not self._unheard:
                    return
                polls.due_in(config.SPEECH_BACKOFF if self._unheard else None)
        finally:
            self._metrics.unheard.inc(len(self._unheard))

    async def _open(self) -> None:
        try:
            await self._clients.hear(self._uid, b"")
        except BackendError as error:
            _log.warning("%s: speech to text did not open: %s", self._uid, error)

    async def _hear(self, take: Callable[[list[dict[str, Any]]], Awaitable[None]]) -> None:
        """Transcribe what is queued; return at the first call that fails."""
        while self._unheard:
            piece = bytes(self._unheard[:_BYTES_PER_CALL])
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
