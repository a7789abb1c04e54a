"""A session of the pusher: its loops, and what it does with each frame."""

import asyncio
from contextlib import suppress
from functools import partial

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from async_tasks import create_named_task
from ghosts import config, protocol
from ghosts.clients import PusherClients
from ghosts.pusher.audio_bytes import AudioBytes
from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.private_cloud import PrivateCloud
from ghosts.pusher.speaker_samples import SpeakerSamples
from ghosts.pusher.spool_file import SpoolError
from ghosts.pusher.spool_uploader import SpoolUploader
from ghosts.pusher.spooled_cloud import SpooledCloud
from ghosts.pusher.transcripts import Transcripts
from ghosts.ws_server import BaseSession, close_within
from ghosts.ws_server.session import Loop


class PusherSession(BaseSession):
    """A session of the pusher. With an ``uploader``, audio is put into its spool, else in memory.

    ``requests`` are the tasks that process conversations. They are started by frames and not by a
    lifecycle, which has to end them with the session.
    """

    def __init__(
        self,
        connection: ServerConnection,
        handshake: protocol.Handshake,
        *,
        clients: PusherClients,
        metrics: PusherMetrics,
        uploader: SpoolUploader | None = None,
    ) -> None:
        super().__init__(
            connection,
            handshake,
            service="pusher",
            task_prefix="ws",
            clients=clients,
            metrics=metrics,
        )
        self.requests: set[asyncio.Task[None]] = set()
        self.private_cloud: PrivateCloud | SpooledCloud
        if uploader is None:
            self.private_cloud = PrivateCloud(
                self.uid, handshake.sample_rate, self.signals, clients, metrics
            )
        else:
            self.private_cloud = SpooledCloud(self.uid, self.signals, uploader, metrics)
        self._clients = clients
        self._metrics = metrics
        self._uploader = uploader
        self._speaker_samples = SpeakerSamples(self.uid, self.signals, clients)
        # Not a method of the session: it would then be in a cycle of references, and stay in memory
        # after its end until the garbage collector comes.
        self._acknowledge = partial(_acknowledge, connection)
        self._transcripts = Transcripts(self.uid, self.signals, clients, self._acknowledge)
        self._audio_bytes = AudioBytes(self.uid, self.signals, clients)

    def __repr__(self) -> str:
        return f"<PusherSession {self.uid} {self.signals!r} {self.private_cloud!r}>"

    @property
    def audio(self) -> PrivateCloud | SpooledCloud:
        """The audio that is not stored yet."""
        return self.private_cloud

    def loops(self) -> dict[str, Loop]:
        """Return by name, not yet started, the four loops that handle what is received."""
        return {
            "private_cloud": self.private_cloud.upload_queued(),
            "speaker_samples": self._speaker_samples.send_queued(),
            "transcripts": self._transcripts.send_queued(),
            "audio_bytes": self._audio_bytes.send_queued(),
        }

    async def close(self) -> None:
        """Close the connection. It takes 3 s at most."""
        self._log.info("%s: session ended", self.uid)
        await self.hang_up()

    async def _begin(self) -> bool:
        if self._features.private_cloud and not self._spool_has_room():
            self._metrics.spool_full.inc()
            await close_within(self.connection, 1013, "try again later")
            return False
        self._audio_bytes.piece_bytes = config.audio_bytes(
            self._features.audio_webhook_seconds or 0, self._handshake.sample_rate
        )
        return True

    def _spool_has_room(self) -> bool:
        try:
            if self._uploader is None or not self._uploader.spool.full:
                return True
            self._log.error("%s: refused with 1013: %s", self.uid, repr(self._uploader.spool))
        except SpoolError as error:
            self._log.error("%s: refused with 1013: %s", self.uid, error)
        return False

    def _end_of_input(self) -> None:
        self.private_cloud.cut()

    async def _turn_away(self) -> None:
        """Close with 1013, and read until the peer has answered: that audio is counted as dropped.

        Unread frames would hold up the closing handshake, and their audio would not be counted.
        """
        self._metrics.spool_full.inc()
        close = close_within(self.connection, 1013, "try again later")
        closing = create_named_task(close, name=f"{self.name}:turn_away")
        with suppress(ConnectionClosed):
            while True:
                frame = await self.connection.recv()
                with suppress(SpoolError, protocol.FrameError):
                    self._take(frame)
        await closing

    def _take(self, frame: bytes | str) -> None:
        try:
            message = protocol.decode(frame)
        except protocol.UnknownFrameTypeError as error:
            self._log.warning("%s: frame ignored: %s", self.uid, error)
            return
        match message:
            case protocol.Audio():
                if self._features.private_cloud:
                    self.private_cloud.add(message)
                self._audio_bytes.add(message.pcm)
                if self._handshake.acknowledged:
                    _answer(self.connection, protocol.Acknowledged(audio_until=message.started_at))
            case protocol.Heartbeat():
                pass
            case protocol.Transcript():
                if self._features.transcript_webhook:
                    self._transcripts.add(message)
                else:
                    self._acknowledge(message.delivery_id)
            case protocol.Conversation(conversation_id):
                self.private_cloud.switch(conversation_id)
            case protocol.SpeakerSample():
                self._speaker_samples.add(message)
                self._acknowledge(message.delivery_id)  # now: it is queued for minutes
            case protocol.ProcessConversation():
                create_named_task(
                    self._process(message), name=f"{self.name}:process", task_set=self.requests
                )

    async def _process(self, request: protocol.ProcessConversation) -> None:
        error = None
        try:
            await self._clients.process_conversation(
                self.uid, request.conversation_id, request.language
            )
        except (Exception, asyncio.CancelledError) as failure:
            # Answered whatever it was: the app waits for it. A client library may raise
            # CancelledError, too; only a cancellation of this task is raised again.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._log.warning(
                "%s: %s not processed: %r", self.uid, request.conversation_id, failure
            )
            error = str(failure) or type(failure).__name__
        try:
            await self.connection.send(
                protocol.encode_answer(protocol.Processed(request.conversation_id, error))
            )
        except ConnectionClosed:
            self._log.warning(
                "%s: disconnected before the answer about %s", self.uid, request.conversation_id
            )


def _acknowledge(connection: ServerConnection, delivery_id: str | None) -> None:
    """Acknowledge a delivery: the peer may forget it. None was asked for without an id."""
    if delivery_id is not None:
        _answer(connection, protocol.Acknowledged(delivery_id))


def _answer(connection: ServerConnection, answer: protocol.Answer) -> None:
    """Send an answer if the connection is open, without waiting for the peer to read."""
    broadcast([connection], protocol.encode_answer(answer))
