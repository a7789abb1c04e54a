"""The feed as one would ship it: nothing is forgotten before the pusher has confirmed it."""

import asyncio
import logging
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from websockets.exceptions import ConnectionClosed

from ghosts import settings
from ghosts.listen.link.feed import FeedFullError, Send
from ghosts.listen.metrics import Metrics
from ghosts.pusher import wire

_log = logging.getLogger("ghosts.listen")
_FRAME_BYTES: Final = 32_000
"""Bytes of audio in a frame at most, if a device sends it in small pieces: a second at 16 kHz."""
_FRAME_TEXT: Final = 64_000
"""Bytes of a transcript's frame that others are joined to, at most."""
_ON_THEIR_WAY: Final = settings.TRANSCRIPTS_QUEUE_MAX // 2
"""Transcripts that are not confirmed, at most: half of what the pusher queues before it drops."""
_Delivery: TypeAlias = wire.Audio | wire.Transcript | wire.SpeakerSample


@dataclass(slots=True, eq=False)
class _Entry:
    conversation_id: str
    message: _Delivery
    size: int = 0
    """Bytes of a transcript's frame."""
    sent: bool = False
    """On the connection that there is."""
    known: bool = False
    """The pusher may have it by its id: it was sent on some connection."""


class Outbox:
    """One session's: what it has for the pusher, in order, until the pusher has confirmed it.

    A new connection is sent all of it, and told of its conversation first. What the pusher had
    taken, and could not confirm before its connection broke, it is sent again: a transcript or a
    request with the id of its delivery, by which whoever receives it knows that he has it. Audio
    beyond 10 MiB is refused. Of transcripts no more are on their way than
    the pusher queues: what is heard meanwhile waits, and goes in one.
    """

    def __init__(self, name: str, metrics: Metrics, work: tuple[asyncio.Event, asyncio.Event]):
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
        return f"<Outbox {self._name}: {len(self._entries)} unconfirmed>"

    @property
    def held_bytes(self) -> int:
        """PCM bytes that are not confirmed."""
        return self._audio_bytes

    @property
    def held_segments(self) -> int:
        """Segments that are not confirmed."""
        messages = [entry.message for entry in self._entries]
        return sum(len(one.segments) for one in messages if isinstance(one, wire.Transcript))

    @property
    def settled(self) -> bool:
        """Whether no more segments come and everything is confirmed."""
        return self._complete.is_set() and not self._entries

    def check_room(self, size: int) -> None:
        """Raise FeedFullError if 10 MiB of audio would not be confirmed."""
        if self._audio_bytes + size > settings.AUDIO_BUFFER_MAX:
            raise FeedFullError(f"{self._audio_bytes:,} bytes of audio wait for the pusher")

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Take audio."""
        self._audio_bytes += len(pcm)
        if not self._appended(conversation_id, pcm):
            self._add(conversation_id, wire.Audio(started_at, pcm))
        self._audio_work.set()

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Take what was heard; beyond 1,000 segments the oldest goes.

        What the pusher would refuse to read is not taken: it would be refused for ever.
        """
        message = wire.Transcript(segments, conversation_id, _new_id())
        size = _readable_bytes(message)
        if size is None:
            _log.error("%s: segments that cannot be passed on are dropped", self._name)
            self._metrics.lost_segments.labels("unreadable").inc(len(segments))
            return
        if not self._joined(conversation_id, segments, size):
            self._add(conversation_id, message, size)
        self._drop_beyond_bound()
        self._segments_work.set()

    def add_sample(self, sample: wire.SpeakerSample) -> None:
        """Take a request."""
        named = wire.SpeakerSample(
            sample.person_id, sample.conversation_id, sample.segment_ids, _new_id()
        )
        self._add(sample.conversation_id, named)
        self._segments_work.set()

    async def send_audio(self) -> None:
        """Send what this connection has not been sent."""
        await self._send_unsent()

    async def send_segments(self) -> None:
        """Send what this connection has not been sent."""
        await self._send_unsent()

    async def finish(self) -> None:
        """Return when no more segments come and everything is confirmed. It has no bound."""
        await self._complete.wait()
        while not self.settled:
            self._progress.clear()
            await self._send_unsent()
            if not self.settled:
                await self._progress.wait()

    async def link_up(self, send: Send) -> None:
        """Send everything over this connection, and what comes from now on."""
        self._send = send
        self._told = None
        await self._send_unsent()

    def link_down(self) -> None:
        """Hold everything that is not confirmed to be unsent."""
        self._send = None
        for entry in self._entries:
            entry.sent = False

    def acknowledged(self, what: wire.Acknowledged) -> None:
        """Forget what is confirmed."""
        for entry in self._confirmed_by(what):
            self._entries.remove(entry)
            if isinstance(entry.message, wire.Audio):
                self._audio_bytes -= len(entry.message.pcm)
        self._progress.set()
        self._segments_work.set()

    def no_more(self) -> None:
        """Let :meth:`finish` return once all is confirmed."""
        self._complete.set()

    def give_up(self) -> None:
        """Count what is left as lost."""
        self._metrics.lost_audio.labels("session_ended").inc(self._audio_bytes)
        self._metrics.lost_segments.labels("session_ended").inc(self.held_segments)
        samples = [one for one in self._entries if isinstance(one.message, wire.SpeakerSample)]
        self._metrics.samples_lost.inc(len(samples))
        self._entries.clear()
        self._audio_bytes = 0

    def _confirmed_by(self, what: wire.Acknowledged) -> list[_Entry]:
        """Return what was sent on this connection and is confirmed.

        Audio is confirmed in its order, whatever the times say.
        """
        if what.audio_until is None:
            return [
                entry
                for entry in self._entries
                if not isinstance(entry.message, wire.Audio)
                and entry.message.delivery_id == what.delivery_id
            ]
        sent: list[_Entry] = []
        for entry in self._entries:
            if isinstance(entry.message, wire.Audio) and entry.sent:
                sent.append(entry)
                if entry.message.started_at == what.audio_until:
                    return sent
        return []

    def _appended(self, conversation_id: str, pcm: bytes) -> bool:
        """Add audio to a frame that was never sent, if there is one that has room."""
        last = self._entries[-1] if self._entries else None
        if last is None or last.known or last.conversation_id != conversation_id:
            return False
        match last.message:
            case wire.Audio(started_at, before) if len(before) + len(pcm) <= _FRAME_BYTES:
                last.message = wire.Audio(started_at, before + pcm)
                return True
        return False

    def _drop_beyond_bound(self) -> None:
        while self.held_segments > settings.SEGMENT_BUFFER_MAX:
            oldest = next(one for one in self._entries if isinstance(one.message, wire.Transcript))
            assert isinstance(oldest.message, wire.Transcript)
            self._entries.remove(oldest)
            self._metrics.lost_segments.labels("buffer_full").inc(len(oldest.message.segments))

    def _joined(self, conversation_id: str, segments: list[dict[str, Any]], size: int) -> bool:
        """Add segments to a transcript that was never sent, if there is one that has room."""
        for entry in reversed(self._entries):
            match entry.message:
                case wire.Transcript(before, _, delivery_id):
                    room = entry.size + size <= _FRAME_TEXT
                    if entry.known or entry.conversation_id != conversation_id or not room:
                        return False
                    entry.message = wire.Transcript(before + segments, conversation_id, delivery_id)
                    entry.size += size
                    return True
        return False

    def _add(self, conversation_id: str, message: _Delivery, size: int = 0) -> None:
        self._entries.append(_Entry(conversation_id, message, size))

    async def _send_unsent(self) -> None:
        async with self._turn:
            for entry in [one for one in self._entries if not one.sent]:
                send = self._send
                if send is None:
                    return
                if isinstance(entry.message, wire.Transcript) and self._enough_on_their_way:
                    continue
                entry.sent = entry.known = True
                try:
                    if self._told != entry.conversation_id:
                        self._told = entry.conversation_id
                        await send(wire.Conversation(entry.conversation_id))
                    await send(entry.message)
                except ConnectionClosed:
                    return  # all of it is unsent again once the link has seen that it is down

    @property
    def _enough_on_their_way(self) -> bool:
        sent = (entry.message for entry in self._entries if entry.sent)
        return sum(isinstance(one, wire.Transcript) for one in sent) >= _ON_THEIR_WAY


def _readable_bytes(message: wire.Transcript) -> int | None:
    """Return how long its frame is; None if the pusher would refuse to read it."""
    try:
        frame = wire.encode(message)
        wire.decode(frame)
    except (wire.WireError, ValueError, TypeError, RecursionError):
        return None
    return len(frame) if len(frame) <= settings.MAX_FRAME_BYTES else None


def _new_id() -> str:
    return uuid.uuid4().hex
