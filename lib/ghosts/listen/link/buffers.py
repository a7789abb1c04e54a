"""The feed as published: two buffers, which are emptied before they are sent."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from ghosts import settings
from ghosts.listen.link.feed import Send
from ghosts.listen.metrics import Metrics
from ghosts.pusher import wire

_FRAME_BYTES: Final = settings.MAX_FRAME_BYTES // 2
"""Bytes of audio in a frame, at most (ours: the pusher closes the link over a frame of more than
1 MiB, with its head)."""


class Buffers:
    """One session's. It loses what is published that it loses, and counts it.

    A second of either is lost when the link closes as it is sent. A new connection is not told of
    the conversation, if that has not changed since the last one was. A request for a speaker
    sample is dropped while there is no connection. Of 1,000 segments and 10 MiB of audio the
    oldest goes.
    """

    def __init__(self, name: str, metrics: Metrics, work: tuple[asyncio.Event, asyncio.Event]):
        self._metrics = metrics
        self._audio_work, self._segments_work = work
        self._audio: deque[tuple[float, bytes]] = deque()
        self._audio_bytes = 0
        self._conversation_id = ""
        self._segments: deque[dict[str, Any]] = deque()
        self._samples: deque[wire.SpeakerSample] = deque()
        self._last_synced: str | None = None
        self._send: Send | None = None

    def __repr__(self) -> str:
        return f"<Buffers {self._audio_bytes:,} B, {len(self._segments)} segments>"

    @property
    def held_bytes(self) -> int:
        """PCM bytes that wait."""
        return self._audio_bytes

    @property
    def held_segments(self) -> int:
        """Segments that wait."""
        return len(self._segments)

    @property
    def settled(self) -> bool:
        """Always: nothing tells what has arrived."""
        return True

    def check_room(self, size: int) -> None:
        """Return: the oldest makes room."""

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Take audio; the oldest goes beyond 10 MiB."""
        self._conversation_id = conversation_id
        self._audio.append((started_at, pcm))
        self._audio_bytes += len(pcm)
        while self._audio_bytes > settings.AUDIO_BUFFER_MAX:
            dropped = len(self._audio.popleft()[1])
            self._audio_bytes -= dropped
            self._metrics.lost_audio.labels("buffer_full").inc(dropped)
        self._audio_work.set()

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Take what was heard; the oldest goes beyond 1,000."""
        self._conversation_id = conversation_id
        self._segments += segments
        while len(self._segments) > settings.SEGMENT_BUFFER_MAX:
            self._segments.popleft()
            self._metrics.lost_segments.labels("buffer_full").inc()
        self._segments_work.set()

    def add_sample(self, sample: wire.SpeakerSample) -> None:
        """Take a request, if there is a connection."""
        if self._send is None:
            self._metrics.samples_lost.inc()
            return
        self._samples.append(sample)
        self._segments_work.set()

    async def send_audio(self) -> None:
        """Send all audio that waits, in one frame if it fits. It is lost if the link closes."""
        send = self._send
        if send is None or not self._audio:
            return
        frames, unsent = list(_frames(self._audio)), self._audio_bytes
        self._audio.clear()
        self._audio_bytes = 0
        try:
            if self._last_synced != self._conversation_id:
                await send(wire.Conversation(self._conversation_id))
                self._last_synced = self._conversation_id
            for frame in frames:
                await send(frame)
                unsent -= len(frame.pcm)
        except ConnectionClosed:
            self._metrics.lost_audio.labels("link_closed").inc(unsent)

    async def send_segments(self) -> None:
        """Send all segments that wait in one frame. They are lost if the link closes meanwhile."""
        send = self._send
        if send is None:
            return
        segments = list(self._segments)
        self._segments.clear()
        try:
            if segments:
                await send(wire.Transcript(segments, self._conversation_id))
        except ConnectionClosed:
            self._metrics.lost_segments.labels("link_closed").inc(len(segments))
        await self._send_samples()

    async def finish(self) -> None:
        """Return at once."""

    async def link_up(self, send: Send) -> None:
        """Send to this connection from now on."""
        self._send = send
        self._audio_work.set()
        self._segments_work.set()

    def link_down(self) -> None:
        """Wait for another."""
        self._send = None

    def acknowledged(self, what: wire.Acknowledged) -> None:
        """Ignore it: none is asked for."""

    def no_more(self) -> None:
        """Ignore it."""

    def give_up(self) -> None:
        """Count what is left."""
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


def _frames(pieces: Iterable[tuple[float, bytes]]) -> Iterator[wire.Audio]:
    """Yield audio in as few frames as may be, each with the time of its first piece."""
    started_at, pcm = 0.0, bytearray()
    for piece_started_at, piece in pieces:
        if pcm and len(pcm) + len(piece) > _FRAME_BYTES:
            yield wire.Audio(started_at, bytes(pcm))
            pcm.clear()
        if not pcm:
            started_at = piece_started_at
        pcm += piece
    yield wire.Audio(started_at, bytes(pcm))
