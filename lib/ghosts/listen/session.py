"""A session of listen: its loops, and what it does with the audio of its device."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, broadcast

from async_tasks import Phase, poll
from ghosts import config, protocol
from ghosts.clients import BackendError, ListenClients, NotFoundError
from ghosts.listen.conversations import Conversations, Unprocessed
from ghosts.listen.link import Breaker, PusherLink, Requests
from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.outbound import OutboundQueue
from ghosts.listen.settings import ListenSettings
from ghosts.listen.speakers import Speakers
from ghosts.listen.speech import Speech
from ghosts.listen.usage import record_usage
from ghosts.protocol import device_messages
from ghosts.protocol.device_messages import Status
from ghosts.ws_server import BaseSession, close_within
from ghosts.ws_server.session import Loop

_PIECE_BYTES: Final = 96_000
"""Bytes of audio per entry of the outbound queue (ours): a second at 48 kHz. The largest frame of a
device would not fit into a frame to the pusher, which has a header."""
PHASES: Final[Mapping[str, Phase]] = {
    "heartbeat": Phase.TRANSPORTS,
    "pusher_receive": Phase.TRANSPORTS,
    "pusher_heartbeat": Phase.TRANSPORTS,
}
"""The shutdown phase of each loop; those that are not listed are consumers."""


class ListenSession(BaseSession):
    """A session of listen: it admits a device, transcribes its audio, and feeds the pusher."""

    def __init__(
        self,
        connection: ServerConnection,
        handshake: protocol.Handshake,
        *,
        pusher_url: str,
        settings: ListenSettings,
        clients: ListenClients,
        breaker: Breaker,
        unprocessed: Unprocessed,
        metrics: ListenMetrics,
        unix_time: Callable[[], float],
    ) -> None:
        super().__init__(
            connection,
            handshake,
            service="listen",
            task_prefix="listen",
            clients=clients,
            metrics=metrics,
        )
        uid = self.uid
        self._settings = settings
        self._clients = clients
        self._metrics = metrics
        self._unix_time = unix_time
        self._audio_work = self.signals.work_event()
        self._segments_work = self.signals.work_event()
        self.outbound = settings.outbound(uid, metrics, (self._audio_work, self._segments_work))
        self.speech = Speech(uid, self.signals, clients, metrics, keeps=settings.keeps_unheard)
        self._requests = Requests(uid)
        self.conversations = Conversations(
            uid, handshake.language, self.signals, self._requests, unprocessed, unix_time
        )
        query = handshake.query_for_pusher(acknowledged=settings.outbound.acknowledges)
        self.link = PusherLink(
            uid,
            f"{pusher_url}{query}",
            outbound=self.outbound,
            requests=self._requests,
            breaker=breaker,
            signals=self.signals,
        )
        self._speakers = Speakers(uid, clients, enabled=False)
        self._active_at = asyncio.get_running_loop().time()
        self._audio_until = 0.0

    def __repr__(self) -> str:
        return f"<ListenSession {self.uid} {self.signals!r} {self.link!r} {self.outbound!r}>"

    @property
    def audio(self) -> OutboundQueue:
        """The audio that has not reached the pusher yet."""
        return self.outbound

    async def admit(self) -> bool:
        """Return whether the session may begin; if not, close the connection with the reason.

        There are four reasons not to: the handshake is invalid, there is no such user, the features
        of the user cannot be read, or the device has already disconnected.
        """
        self._tell(Status.INITIATING)
        return await super().admit()

    async def _begin(self) -> bool:
        if self.closed:
            self._log.info("%s: left before the session began", self.uid)
            return False
        self._speakers = Speakers(
            self.uid, self._clients, enabled=self._features.speaker_identification
        )
        self._active_at = asyncio.get_running_loop().time()
        self._tell(Status.PROCESSING)
        return True

    def _refusal_for(self, error: BackendError) -> tuple[int, str]:
        if isinstance(error, NotFoundError):
            return 1008, "there is no such user"
        return super()._refusal_for(error)

    def loops(self) -> dict[str, Loop]:
        """Return by name, not yet started, the loops that last as long as the session."""
        loops = {
            "stream_transcript": self._hear(),
            "heartbeat": self._ping(),
            "record_usage": record_usage(self.uid, self.signals, self._clients),
            "transcript_consume": self._pass_on(self.outbound.send_segments, self._segments_work),
            "pusher_receive": self.link.keep_connected(self._processed),
            "pusher_heartbeat": self.link.heartbeat(),
            "lifecycle_manager": self.conversations.end_when_silent(self._conversation_over),
        }
        if self._sends_audio:
            loops["audio_bytes_consume"] = self._pass_on(self.outbound.send_audio, self._audio_work)
        return loops

    def finite(self) -> dict[str, Loop]:
        """Return by name, not yet started, the two finite tasks."""
        return {
            "pending_conversations": self.conversations.take_up(),
            "speaker_identification": self._speakers.know_the_user(),
        }

    async def close(self) -> None:
        """Close the connection of the device, then the link to the pusher, as published."""
        await self.hang_up()
        await self.close_link()

    async def close_link(self) -> None:
        """Send what is queued for the pusher, and close the link. What cannot be sent is lost.

        It has no bound of its own: a pusher that does not read blocks it until its connection ends.
        """
        try:
            await self.outbound.send_audio()
            await self.outbound.send_segments()
        finally:
            self.outbound.give_up()
            await self.link.close()

    @property
    def _sends_audio(self) -> bool:
        return self._features.private_cloud or self._features.audio_webhook_seconds is not None

    def _take(self, frame: bytes | str) -> None:
        self._active_at = asyncio.get_running_loop().time()
        if isinstance(frame, bytes):
            self._take_audio(frame)

    def _take_audio(self, pcm: bytes) -> None:
        if len(pcm) % config.BYTES_PER_SAMPLE:
            raise protocol.FrameError(f"{len(pcm)} bytes are no 16-bit samples")
        if self._sends_audio:
            self.outbound.check_room(len(pcm))
            self._metrics.received.inc(len(pcm))
            rate = self._handshake.bytes_per_second
            # Frames that arrive in a burst were recorded one after the other. With the same time,
            # two deliveries would be taken for one.
            started_at = max(self._unix_time() - len(pcm) / rate, self._audio_until)
            self._audio_until = started_at + len(pcm) / rate
            for start in range(0, len(pcm), _PIECE_BYTES):
                piece = pcm[start : start + _PIECE_BYTES]
                self.outbound.add_audio(self.conversations.id, started_at + start / rate, piece)
        self.speech.add(pcm)

    def _end_of_input(self) -> None:
        self.conversations.leave()

    async def _hear(self) -> None:
        try:
            await self.speech.transcribe(self._tell, self._heard)
            await self._ask_for_samples(self.conversations.id, "listen_speaker_final")
        finally:
            self.outbound.no_more()

    async def _heard(self, segments: list[dict[str, Any]]) -> None:
        self.conversations.said()
        self._speakers.note(segments)
        broadcast([self.connection], device_messages.heard(segments))
        self.outbound.add_segments(self.conversations.id, segments)
        await self._settings.fan_out(
            [self._clients.tell_app(self.uid, app, segments) for app in self._features.apps]
        )

    async def _conversation_over(self, conversation_id: str) -> None:
        await self._ask_for_samples(conversation_id, "listen_speaker_rollover")

    async def _ask_for_samples(self, conversation_id: str, label: str) -> None:
        for sample in await self._speakers.identify(conversation_id, label):
            self.outbound.add_sample(sample)

    async def _ping(self) -> None:
        """Ping the device every 10 s; close with 1001 after 90 s without a message from it."""
        now = asyncio.get_running_loop().time
        async for _ in poll(self.signals.shutdown, config.CLIENT_PING):
            if self.signals.ending:
                return
            if now() - self._active_at > config.CLIENT_INACTIVITY:
                self._log.info(
                    "%s: closed with 1001: no message for %g s", self.uid, config.CLIENT_INACTIVITY
                )
                await close_within(self.connection, 1001, "inactivity")
                return
            await self.connection.send(device_messages.PING)

    async def _pass_on(self, send: Callable[[], Awaitable[None]], work: asyncio.Event) -> None:
        """Send what is queued, each second that there is work; then wait until it is settled."""
        async for _ in poll(self.signals.shutdown, config.SEND_POLL_INTERVAL, work=work):
            await send()
            if self.signals.disconnected:
                break
        await self.outbound.finish()

    def _processed(self, answer: protocol.Processed) -> None:
        if answer.error is not None:
            self._log.warning(
                "%s: %s not processed: %s", self.uid, answer.conversation_id, answer.error
            )
            return
        self.conversations.processed(answer.conversation_id)
        broadcast([self.connection], device_messages.processed(answer.conversation_id))

    def _tell(self, of: Status) -> None:
        broadcast([self.connection], device_messages.status(of))
