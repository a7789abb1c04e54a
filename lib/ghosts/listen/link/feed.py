"""What a session has for the pusher, between its loops and its link."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

from ghosts.pusher import wire

Send: TypeAlias = Callable[[wire.Message], Awaitable[None]]
"""Sends one frame over the link. Raises ConnectionClosed where it is closed."""


class FeedFullError(Exception):
    """There is no room for that audio; nothing of it was taken."""


class Feed(Protocol):
    """Two forms of it are compared: `Buffers`, as published, and `Outbox`, which is ours."""

    @property
    def held_bytes(self) -> int:
        """PCM bytes that the pusher does not have yet, as far as is known here."""

    @property
    def held_segments(self) -> int:
        """Segments that the pusher does not have yet, as far as is known here."""

    @property
    def settled(self) -> bool:
        """Whether the link is needed no more, once the device has gone."""

    def check_room(self, size: int) -> None:
        """Raise FeedFullError if there is no room for so many bytes of audio."""

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Take audio, from Unix time ``started_at`` on."""

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Take what was heard."""

    def add_sample(self, sample: wire.SpeakerSample) -> None:
        """Take a request for a speaker sample."""

    async def send_audio(self) -> None:
        """Send the audio that waits, if there is a link."""

    async def send_segments(self) -> None:
        """Send the segments that wait, if there is a link."""

    async def finish(self) -> None:
        """Return when what waits has been taken care of, or cannot be."""

    async def link_up(self, send: Send) -> None:
        """Take note of a new connection."""

    def link_down(self) -> None:
        """Take note that it is closed."""

    def acknowledged(self, what: wire.Acknowledged) -> None:
        """Forget what the pusher will not lose any more."""

    def no_more(self) -> None:
        """Take note that no more segments will come."""

    def give_up(self) -> None:
        """Count what is left: nobody will send it any more."""
