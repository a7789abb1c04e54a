"""The outbound queue as one would ship it: entries are kept until the pusher acknowledges them."""

import asyncio
import logging
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from websockets.exceptions import ConnectionClosed

from ghosts import config, protocol
from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.outbound.queue import QueueFullError, Send

_log = logging.getLogger("ghosts.listen")
_FRAME_BYTES: Final = 32_000
"""Bytes up to which small pieces of audio are joined in one frame (ours): a second at 16 kHz."""
_FRAME_TEXT: Final = 64_000
"""Bytes up to which transcripts are joined in one frame (ours)."""
_IN_FLIGHT: Final = config.TRANSCRIPTS_QUEUE_MAX // 2
"""Transcripts sent and not acknowledged, at most (ours): half of what the pusher queues."""
_Delivery: TypeAlias = protocol.Audio | protocol.Transcript | protocol.SpeakerSample


@dataclass(slots=True, eq=False)
class _Entry:
    conversation_id: str
    message: _Delivery
    size: int = 0
    """Bytes of the frame of a transcript; 0 for other messages."""
    sent: bool = False
    """Whether it was sent on the current connection."""
    known: bool = False
    """Whether it was sent on any connection: the pusher may have it, so it must not change."""


class AcknowledgedQueue:
    """The queue of one session, in order. An entry is kept until the pusher has acknowledged it.

    A new connection is sent the conversation, then all entries again. The pusher may have some of
    them: transcripts and requests have a delivery id, so that their backend ignores a second copy.
    Audio beyond 10 MiB is refused, and beyond 1,000 segments the oldest are dropped. No more
    transcripts are in flight than the pusher queues; later ones are joined in one frame.

    Args:
        name: The user, for the log.
        metrics: Counts what is lost.
        work: The events of the loops that send audio, and segments.
    """

    acknowledges: ClassVar[bool] = True
    """Whether the pusher is asked to acknowledge."""

    def __init__(
        self, name: str, metrics: ListenMetrics, work: tuple[asyncio.Event, asyncio.Event]
    ):
        self._name = name
        self._metrics = metrics
        self._audio_work, self._segments_work = work
        self._entries: deque[_Entry] = deque()
        self._audio_bytes = 0
        self._send: Send | None = None
        self._told: str | None = None
        self._turn = asyncio.Lock()
        self._complete = asyncio.Event()
        self._progress = asyncio.Event()

    def __repr__(self) -> str:
        return f"<AcknowledgedQueue {self._name}: {len(self._entries)} unconfirmed>"

    @property
    def held_bytes(self) -> int:
        """PCM bytes that are not acknowledged."""
        return self._audio_bytes

    @property
    def held_segments(self) -> int:
        """Segments that are not acknowledged."""
        messages = [entry.message for entry in self._entries]
        return sum(len(one.segments) for one in messages if isinstance(one, protocol.Transcript))

    @property
    def settled(self) -> bool:
        """Whether no more segments are added and everything is acknowledged."""
        return self._complete.is_set() and not self._entries

    def check_room(self, size: int) -> None:
        """Return if ``size`` bytes of audio fit.

        Raises:
            QueueFullError: more than 10 MiB would not be acknowledged.
        """
        if self._audio_bytes + size > config.AUDIO_BUFFER_MAX:
            raise QueueFullError(f"{self._audio_bytes:,} bytes of audio wait for the pusher")

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Queue audio. The caller has checked that it fits."""
        self._audio_bytes += len(pcm)
        if not self._appended(conversation_id, pcm):
            self._add(conversation_id, protocol.Audio(started_at, pcm))
        self._audio_work.set()

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Queue segments; beyond 1,000 the oldest are dropped.

        Segments that the pusher would refuse are dropped: they would be refused each time, and
        close each connection.
        """
        message = protocol.Transcript(segments, conversation_id, _new_id())
        size = _readable_bytes(message)
        if size is None:
            _log.error("%s: segments that cannot be passed on are dropped", self._name)
            self._metrics.lost_segments.labels("unreadable").inc(len(segments))
            return
        if not self._joined(conversation_id, segments, size):
            self._add(conversation_id, message, size)
        self._drop_beyond_bound()
        self._segments_work.set()

    def add_sample(self, sample: protocol.SpeakerSample) -> None:
        """Queue a request."""
        named = protocol.SpeakerSample(
            sample.person_id, sample.conversation_id, sample.segment_ids, _new_id()
        )
        self._add(sample.conversation_id, named)
        self._segments_work.set()

    async def send_audio(self) -> None:
        """Send what was not sent on this connection, in order: audio, segments and requests."""
        await self._send_unsent()

    async def send_segments(self) -> None:
        """Send what was not sent on this connection, in order: audio, segments and requests."""
        await self._send_unsent()

    async def finish(self) -> None:
        """Return when the queue is settled, after sending what is left. It has no bound."""
        await self._complete.wait()
        while not self.settled:
            self._progress.clear()
            await self._send_unsent()
            if not self.settled:
                await self._progress.wait()

    async def link_up(self, send: Send) -> None:
        """Use this connection from now on; send all entries."""
        self._send = send
        self._told = None
        await self._send_unsent()

    def link_down(self) -> None:
        """Record that the connection is closed: all entries are to be sent again."""
        self._send = None
        for entry in self._entries:
            entry.sent = False

    def acknowledged(self, what: protocol.Acknowledged) -> None:
        """Remove the entries that were acknowledged."""
        for entry in self._confirmed_by(what):
            self._entries.remove(entry)
            if isinstance(entry.message, protocol.Audio):
                self._audio_bytes -= len(entry.message.pcm)
        self._progress.set()
        self._segments_work.set()

    def no_more(self) -> None:
        """Record that no more segments are added: :meth:`finish` may return."""
        self._complete.set()

    def give_up(self) -> None:
        """Count what is left as lost, and remove it."""
        self._metrics.lost_audio.labels("session_ended").inc(self._audio_bytes)
        self._metrics.lost_segments.labels("session_ended").inc(self.held_segments)
        samples = [one for one in self._entries if isinstance(one.message, protocol.SpeakerSample)]
        self._metrics.samples_lost.inc(len(samples))
        self._entries.clear()
        self._audio_bytes = 0

    def _confirmed_by(self, what: protocol.Acknowledged) -> list[_Entry]:
        """Return the entries that ``what`` acknowledges.

        Audio is acknowledged in the order in which it was sent, up to the first frame with that
        time: times may repeat, or go backwards.
        """
        if what.audio_until is None:
            return [
                entry
                for entry in self._entries
                if not isinstance(entry.message, protocol.Audio)
                and entry.message.delivery_id == what.delivery_id
            ]
        sent: list[_Entry] = []
        for entry in self._entries:
            if isinstance(entry.message, protocol.Audio) and entry.sent:
                sent.append(entry)
                if entry.message.started_at == what.audio_until:
                    return sent
        return []

    def _appended(self, conversation_id: str, pcm: bytes) -> bool:
        """Append audio to the last entry, if that was never sent and has room; return whether."""
        last = self._entries[-1] if self._entries else None
        if last is None or last.known or last.conversation_id != conversation_id:
            return False
        match last.message:
            case protocol.Audio(started_at, before) if len(before) + len(pcm) <= _FRAME_BYTES:
                last.message = protocol.Audio(started_at, before + pcm)
                return True
        return False

    def _drop_beyond_bound(self) -> None:
        while self.held_segments > config.SEGMENT_BUFFER_MAX:
            oldest = next(
                one for one in self._entries if isinstance(one.message, protocol.Transcript)
            )
            assert isinstance(oldest.message, protocol.Transcript)
            self._entries.remove(oldest)
            self._metrics.lost_segments.labels("buffer_full").inc(len(oldest.message.segments))

    def _joined(self, conversation_id: str, segments: list[dict[str, Any]], size: int) -> bool:
        """Append segments to the last transcript, if never sent and with room; return whether."""
        for entry in reversed(self._entries):
            match entry.message:
                case protocol.Transcript(before, _, delivery_id):
                    room = entry.size + size <= _FRAME_TEXT
                    if entry.known or entry.conversation_id != conversation_id or not room:
                        return False
                    entry.message = protocol.Transcript(
                        before + segments, conversation_id, delivery_id
                    )
                    entry.size += size
                    return True
        return False

    def _add(self, conversation_id: str, message: _Delivery, size: int = 0) -> None:
        self._entries.append(_Entry(conversation_id, message, size))

    async def _send_unsent(self) -> None:
        # One sender at a time, or the frames of two loops would be sent out of order.
        async with self._turn:
            for entry in [one for one in self._entries if not one.sent]:
                send = self._send
                if send is None:
                    return
                if isinstance(entry.message, protocol.Transcript) and self._enough_in_flight:
                    continue
                # Before it is sent: if it breaks off, the pusher may have the whole frame.
                entry.sent = entry.known = True
                try:
                    if self._told != entry.conversation_id:
                        self._told = entry.conversation_id
                        await send(protocol.Conversation(entry.conversation_id))
                    await send(entry.message)
                except ConnectionClosed:
                    return  # `link_down` follows, and marks all entries as unsent

    @property
    def _enough_in_flight(self) -> bool:
        sent = (entry.message for entry in self._entries if entry.sent)
        return sum(isinstance(one, protocol.Transcript) for one in sent) >= _IN_FLIGHT


def _readable_bytes(message: protocol.Transcript) -> int | None:
    """Return the bytes of its frame; None if the pusher would refuse it."""
    try:
        frame = protocol.encode(message)
        protocol.decode(frame)
    except (protocol.FrameError, ValueError, TypeError, RecursionError):
        return None
    return len(frame) if len(frame) <= config.MAX_FRAME_BYTES else None


def _new_id() -> str:
    return uuid.uuid4().hex
