"""The outbound queue as published: two buffers that are cleared before they are sent."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from websockets.exceptions import ConnectionClosed

from ghosts import config, protocol
from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.outbound.queue import Send

_FRAME_BYTES: Final = config.MAX_FRAME_BYTES // 2
"""Bytes of audio in a frame, at most (ours: the pusher refuses frames of more than 1 MiB, header
included, and closes the connection)."""


class LossyQueue:
    """The queue of one session. It loses what the published one loses, and counts it.

    What is being sent when the connection closes is lost. A new connection is not sent the
    conversation unless that has changed since the last connection was sent it, so the pusher drops
    the audio. A request for a speaker sample is dropped while there is no connection. Beyond 1,000
    segments or 10 MiB of audio the oldest are dropped.

    Args:
        name: The user, for the log.
        metrics: Counts what is lost.
        work: The events of the loops that send audio, and segments.
    """

    acknowledges: ClassVar[bool] = False
    """Whether the pusher is asked to acknowledge."""

    def __init__(
        self, name: str, metrics: ListenMetrics, work: tuple[asyncio.Event, asyncio.Event]
    ):
        self._metrics = metrics
        self._audio_work, self._segments_work = work
        self._audio: deque[tuple[float, bytes]] = deque()
        self._audio_bytes = 0
        self._conversation_id = ""
        self._segments: deque[dict[str, Any]] = deque()
        self._samples: deque[protocol.SpeakerSample] = deque()
        self._last_synced: str | None = None
        self._send: Send | None = None

    def __repr__(self) -> str:
        return f"<LossyQueue {self._audio_bytes:,} B, {len(self._segments)} segments>"

    @property
    def held_bytes(self) -> int:
        """PCM bytes that are queued."""
        return self._audio_bytes

    @property
    def held_segments(self) -> int:
        """Segments that are queued."""
        return len(self._segments)

    @property
    def settled(self) -> bool:
        """Always true: there is no way to know what has arrived."""
        return True

    def check_room(self, size: int) -> None:
        """Return: the oldest audio is dropped instead."""

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Queue audio; beyond 10 MiB the oldest is dropped."""
        self._conversation_id = conversation_id
        self._audio.append((started_at, pcm))
        self._audio_bytes += len(pcm)
        while self._audio_bytes > config.AUDIO_BUFFER_MAX:
            dropped = len(self._audio.popleft()[1])
            self._audio_bytes -= dropped
            self._metrics.lost_audio.labels("buffer_full").inc(dropped)
        self._audio_work.set()

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Queue segments; beyond 1,000 the oldest are dropped."""
        self._conversation_id = conversation_id
        self._segments += segments
        while len(self._segments) > config.SEGMENT_BUFFER_MAX:
            self._segments.popleft()
            self._metrics.lost_segments.labels("buffer_full").inc()
        self._segments_work.set()

    def add_sample(self, sample: protocol.SpeakerSample) -> None:
        """Queue a request if there is a connection; otherwise drop it."""
        if self._send is None:
            self._metrics.samples_lost.inc()
            return
        self._samples.append(sample)
        self._segments_work.set()

    async def send_audio(self) -> None:
        """Send all queued audio, in one frame if it fits. It is lost if the connection closes."""
        send = self._send
        if send is None or not self._audio:
            return
        frames, unsent = list(_frames(self._audio)), self._audio_bytes
        self._audio.clear()
        self._audio_bytes = 0
        try:
            if self._last_synced != self._conversation_id:
                await send(protocol.Conversation(self._conversation_id))
                self._last_synced = self._conversation_id
            for frame in frames:
                await send(frame)
                unsent -= len(frame.pcm)
        except ConnectionClosed:
            self._metrics.lost_audio.labels("link_closed").inc(unsent)

    async def send_segments(self) -> None:
        """Send all queued segments in one frame. They are lost if the connection closes."""
        send = self._send
        if send is None:
            return
        segments = list(self._segments)
        self._segments.clear()
        try:
            if segments:
                await send(protocol.Transcript(segments, self._conversation_id))
        except ConnectionClosed:
            self._metrics.lost_segments.labels("link_closed").inc(len(segments))
        await self._send_samples()

    async def finish(self) -> None:
        """Return at once."""

    async def link_up(self, send: Send) -> None:
        """Use this connection from now on."""
        self._send = send
        self._audio_work.set()
        self._segments_work.set()

    def link_down(self) -> None:
        """Record that the connection is closed; what is queued is kept for the next one."""
        self._send = None

    def acknowledged(self, what: protocol.Acknowledged) -> None:
        """Ignore it: none was requested."""

    def no_more(self) -> None:
        """Do nothing: :meth:`finish` does not wait."""

    def give_up(self) -> None:
        """Count what is left as lost."""
        self._metrics.lost_audio.labels("session_ended").inc(self._audio_bytes)
        self._metrics.lost_segments.labels("session_ended").inc(len(self._segments))
        self._audio.clear()
        self._audio_bytes = 0
        self._segments.clear()

    async def _send_samples(self) -> None:
        while self._samples and (send := self._send) is not None:
            sample = self._samples.popleft()
            try:
                await send(sample)
            except ConnectionClosed:
                self._metrics.samples_lost.inc()


def _frames(pieces: Iterable[tuple[float, bytes]]) -> Iterator[protocol.Audio]:
    """Yield audio in as few frames as possible, each with the time of its first piece."""
    started_at, pcm = 0.0, bytearray()
    for piece_started_at, piece in pieces:
        if pcm and len(pcm) + len(piece) > _FRAME_BYTES:
            yield protocol.Audio(started_at, bytes(pcm))
            pcm.clear()
        if not pcm:
            started_at = piece_started_at
        pcm += piece
    yield protocol.Audio(started_at, bytes(pcm))
