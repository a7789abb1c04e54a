"""Private cloud as published: audio is chunked, batched by conversation, and uploaded."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field

from async_tasks import poll
from ghosts import config
from ghosts.clients import BackendError, Batch, PusherClients
from ghosts.protocol import Audio
from ghosts.pusher.metrics import PusherMetrics
from ghosts.ws_server import StopSignals

_log = logging.getLogger("ghosts.pusher")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Up to a minute of audio of one conversation."""

    conversation_id: str
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes


@dataclass(slots=True)
class Pending:
    """The batch of one conversation: chunks that have left the queue and are not stored yet."""

    conversation_id: str
    since: float
    """Seconds of the loop's clock: when the batch was begun, or last failed."""
    chunks: list[Chunk] = field(default_factory=list)
    failures: int = 0

    @property
    def size(self) -> int:
        """Bytes of audio."""
        return sum(len(chunk.audio) for chunk in self.chunks)


class PrivateCloud:
    """The audio of one session that is not stored yet, in memory. Dropped audio is lost.

    At most 20 chunks are queued; beyond that the oldest is dropped. What is dropped is logged, and
    counted with the reason.
    """

    def __init__(
        self,
        uid: str,
        sample_rate: int,
        signals: StopSignals,
        clients: PusherClients,
        metrics: PusherMetrics,
    ) -> None:
        self._uid = uid
        self._chunk_bytes = config.audio_bytes(config.PRIVATE_CLOUD_CHUNK_SECONDS, sample_rate)
        self._batch_bytes = config.audio_bytes(config.PRIVATE_CLOUD_BATCH_SECONDS, sample_rate)
        self._signals = signals
        self._clients = clients
        self._metrics = metrics
        self._conversation_id: str | None = None
        self._buffer: list[bytes] = []
        self._buffer_bytes = 0
        self._buffer_started_at = 0.0
        self.queue: deque[Chunk] = deque()
        self._pending: dict[str, Pending] = {}
        self._work = signals.work_event()
        self._ended = False

    def __repr__(self) -> str:
        return f"<PrivateCloud {self._uid}: {self.held_bytes:,} B unsent>"

    @property
    def held_bytes(self) -> int:
        """Bytes of audio received and neither stored nor dropped."""
        queued = sum(len(chunk.audio) for chunk in self.queue)
        return self._buffer_bytes + queued + sum(one.size for one in self._pending.values())

    def add(self, audio: Audio) -> None:
        """Append audio to the current conversation; without one it is dropped."""
        if not audio.pcm:
            return
        self._metrics.received.inc(len(audio.pcm))
        if self._conversation_id is None:
            self._drop(len(audio.pcm), "no_conversation", logging.DEBUG)  # once a second
            return
        if not self._buffer:
            self._buffer_started_at = audio.started_at
        self._buffer.append(audio.pcm)
        self._buffer_bytes += len(audio.pcm)
        if self._buffer_bytes >= self._chunk_bytes:
            self.cut()

    def switch(self, conversation_id: str) -> None:
        """Begin a conversation: the audio that follows belongs to it."""
        if conversation_id != self._conversation_id:
            self.cut()
            self._conversation_id = conversation_id
            self._work.set()

    def cut(self) -> None:
        """Queue the buffered audio as a chunk, however short it is."""
        if not self._buffer or self._conversation_id is None:
            return
        if len(self.queue) == config.PRIVATE_CLOUD_QUEUE_MAX:
            self._drop(len(self.queue.popleft().audio), "queue_full")
        audio = b"".join(self._buffer)
        self._buffer.clear()
        self._buffer_bytes = 0
        self.queue.append(Chunk(self._conversation_id, self._buffer_started_at, audio))
        self._work.set()
        if self._ended:
            self._give_up()

    async def upload_queued(self) -> None:
        """Upload batches that are due, each second; return after the disconnect, when none is left.

        It has no bound: as published, an upload that is never answered blocks it indefinitely.
        Cancelling it drops what is not stored yet; an upload on a worker goes on, and may succeed.
        """
        try:
            await self._send_until_over()
        finally:
            self._ended = True
            self._give_up()

    async def _send_until_over(self) -> None:
        polls = poll(self._signals.shutdown, config.PRIVATE_CLOUD_POLL_INTERVAL, work=self._work)
        async for one in polls:
            await self._upload_due()
            while one.last and self._unsent:
                await self._upload_due()
            if self._signals.disconnected and not self._unsent:
                return
            polls.due_in(min(map(self._due_in, self._pending.values()), default=None))

    @property
    def _unsent(self) -> bool:
        return bool(self.queue or self._pending)

    async def _upload_due(self) -> None:
        self._batch()
        for pending in [one for one in self._pending.values() if self._due_in(one) <= 0]:
            await self._upload(pending)

    def _batch(self) -> None:
        now = asyncio.get_running_loop().time()
        while self.queue:
            chunk = self.queue.popleft()
            pending = self._pending.setdefault(
                chunk.conversation_id, Pending(chunk.conversation_id, now)
            )
            pending.chunks.append(chunk)

    def _due_in(self, pending: Pending) -> float:
        """Return the seconds until a batch is due; 0 is now."""
        full = pending.size >= self._batch_bytes
        switched = pending.conversation_id != self._conversation_id
        if self._signals.ending or ((full or switched) and not pending.failures):
            return 0.0
        age = asyncio.get_running_loop().time() - pending.since
        return max(0.0, config.PRIVATE_CLOUD_BATCH_SECONDS - age)

    async def _upload(self, pending: Pending) -> None:
        audio = b"".join(chunk.audio for chunk in pending.chunks)
        batch = Batch(self._uid, pending.conversation_id, pending.chunks[0].started_at, audio)
        try:
            await self._clients.upload(batch)
        except BackendError as error:
            self._retry_or_drop(pending, error)
        else:
            del self._pending[pending.conversation_id]
            self._metrics.stored.inc(len(audio))

    def _retry_or_drop(self, pending: Pending, error: BackendError) -> None:
        pending.failures += 1
        pending.since = asyncio.get_running_loop().time()
        if pending.failures <= config.PRIVATE_CLOUD_MAX_RETRIES:
            _log.warning("%s: upload failed, to be tried again: %s", self._uid, error)
            return
        _log.error("%s: upload given up: %s", self._uid, error)
        del self._pending[pending.conversation_id]
        self._drop(pending.size, "retries_exhausted")

    def _give_up(self) -> None:
        unsent = self.held_bytes - self._buffer_bytes
        self.queue.clear()
        self._pending.clear()
        if unsent:
            self._drop(unsent, "session_ended")

    def _drop(self, size: int, reason: str, level: int = logging.WARNING) -> None:
        self._metrics.dropped.labels(reason).inc(size)
        _log.log(level, "%s: %d bytes of audio dropped: %s", self._uid, size, reason)
