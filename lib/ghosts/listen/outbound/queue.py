"""The interface of an outbound queue, which is between the loops of a session and its link."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

from ghosts import protocol
from ghosts.ws_server import NoRoomError

Send: TypeAlias = Callable[[protocol.Message], Awaitable[None]]
"""Sends one frame to the pusher. Raises ConnectionClosed if the connection is closed."""


class QueueFullError(NoRoomError):
    """Audio does not fit; nothing of it was queued."""


class OutboundQueue(Protocol):
    """What a session queues for the pusher.

    Two implementations are compared: `LossyQueue` as published, and `AcknowledgedQueue` (ours).
    """

    @property
    def held_bytes(self) -> int:
        """PCM bytes that have not reached the pusher, as far as this queue knows."""

    @property
    def held_segments(self) -> int:
        """Segments that have not reached the pusher, as far as this queue knows."""

    @property
    def settled(self) -> bool:
        """Whether the link is no longer needed after the device has disconnected."""

    def check_room(self, size: int) -> None:
        """Return if ``size`` bytes of audio fit.

        Raises:
            QueueFullError: they do not.
        """

    def add_audio(self, conversation_id: str, started_at: float, pcm: bytes) -> None:
        """Queue audio of a conversation, which starts at Unix time ``started_at`` in seconds."""

    def add_segments(self, conversation_id: str, segments: list[dict[str, Any]]) -> None:
        """Queue transcribed segments of a conversation."""

    def add_sample(self, sample: protocol.SpeakerSample) -> None:
        """Queue a request for a speaker sample."""

    async def send_audio(self) -> None:
        """Send the queued audio, if there is a connection."""

    async def send_segments(self) -> None:
        """Send the queued segments and requests, if there is a connection."""

    async def finish(self) -> None:
        """Return when nothing queued can still be delivered; see :attr:`settled`."""

    async def link_up(self, send: Send) -> None:
        """Use this connection from now on."""

    def link_down(self) -> None:
        """Record that the connection is closed."""

    def acknowledged(self, what: protocol.Acknowledged) -> None:
        """Remove what the pusher has acknowledged."""

    def no_more(self) -> None:
        """Record that no more segments will be added."""

    def give_up(self) -> None:
        """Count what is left as lost: the session has ended."""
