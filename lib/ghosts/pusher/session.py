"""One connection's session: its state, its loops, and what each frame does to them."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.protocol import State

from async_tasks import IdleLimit, create_named_task
from ghosts import settings
from ghosts.backends.clients import Clients, Features
from ghosts.pusher import wire
from ghosts.pusher.audio_bytes import AudioBytes
from ghosts.pusher.courier import Courier
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.private_cloud import PrivateCloud
from ghosts.pusher.speaker_samples import SpeakerSamples
from ghosts.pusher.spool import SpoolError
from ghosts.pusher.spooled_cloud import SpooledCloud
from ghosts.pusher.transcripts import Transcripts
from ghosts.service import Lifetime, Retirement, close_within

_log = logging.getLogger("ghosts.pusher")


class Session:
    """What a lifecycle starts, waits for and cleans up. It does none of the three by itself."""

    def __init__(
        self,
        connection: ServerConnection,
        *,
        uid: str,
        sample_rate: int,
        features: Features,
        clients: Clients,
        metrics: Metrics,
        courier: Courier | None = None,
        acknowledges: bool = False,
    ) -> None:
        self.uid = uid
        self.name = f"ws:{uid}"
        self.gauge = metrics.active
        self.lifetime = Lifetime()
        self.requests: set[asyncio.Task[None]] = set()
        self.private_cloud: PrivateCloud | SpooledCloud
        if courier is None:
            self.private_cloud = PrivateCloud(uid, sample_rate, self.lifetime, clients, metrics)
        else:
            self.private_cloud = SpooledCloud(uid, self.lifetime, courier, metrics)
        self.connection = connection
        self._features = features
        self._clients = clients
        self._metrics = metrics
        self._acknowledges = acknowledges
        self._retirement = Retirement()
        piece_bytes = settings.audio_bytes(features.audio_webhook_seconds or 0, sample_rate)
        self._speaker_samples = SpeakerSamples(uid, self.lifetime, clients)
        self._transcripts = Transcripts(uid, self.lifetime, clients, self._acknowledge)
        self._audio_bytes = AudioBytes(uid, piece_bytes, self.lifetime, clients)

    def __repr__(self) -> str:
        return f"<Session {self.uid} {self.lifetime!r} {self.private_cloud!r}>"

    @property
    def audio(self) -> PrivateCloud | SpooledCloud:
        """What holds the audio that is not stored yet."""
        return self.private_cloud

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self.connection.state is not State.OPEN

    def start(self, *, receive_timeout: float | None = None) -> list[asyncio.Task[None]]:
        """Start the five loops, receive first, as tasks named ``ws:{uid}:{loop}``."""
        loops = {"receive": self.receive(receive_timeout), **self.loops()}
        return [create_named_task(loop, name=f"{self.name}:{of}") for of, loop in loops.items()]

    def loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return by name, not yet started, the four loops that handle what is received."""
        return {
            "private_cloud": self.private_cloud.run(),
            "speaker_samples": self._speaker_samples.run(),
            "transcripts": self._transcripts.run(),
            "audio_bytes": self._audio_bytes.run(),
        }

    async def receive(self, timeout: float | None = None) -> None:
        """Read frames until the peer is gone, sends nonsense, or has been silent for too long.

        Too long is ``timeout`` seconds; None is never.
        """
        try:
            async with IdleLimit(timeout) as limit, self._retirement:
                while True:
                    frame = await self.connection.recv()
                    limit.touch()
                    self._take(frame)
        except ConnectionClosed as closed:
            # Bad frames and missing pongs are the library's to refuse: it then closes first.
            refused = isinstance(closed, ConnectionClosedError) and not closed.rcvd_then_sent
            level = logging.WARNING if refused and closed.sent else logging.INFO
            _log.log(level, "%s: connection lost: %s", self.uid, closed)
        except TimeoutError:
            if not self._retirement.asked:
                _log.warning("%s: no frame for %g s", self.uid, timeout)
                await self.connection.close(1011, "receive timeout")
        except wire.WireError as error:
            _log.warning("%s: closed with %d: %s", self.uid, error.code, error)
            await self.connection.close(error.code, str(error))
        except SpoolError as error:
            self._metrics.spool_full.inc()
            _log.error("%s: closed with 1013: %s", self.uid, error)
            await self._turn_away()
        finally:
            self.private_cloud.cut()
            self.lifetime.disconnect()

    def retire(self) -> None:
        """Read no more, and end as though the peer had left: it is the pod that leaves.

        What has been read is finished and acknowledged as ever, then the connection is closed.
        """
        self._retirement.ask()

    async def close(self) -> None:
        """Close the connection. It takes the closing handshake's 3 s at most."""
        _log.info("%s: session ended", self.uid)
        await close_within(self.connection, 1001 if self._retirement.asked else 1000)

    def _acknowledge(self, delivery_id: str | None) -> None:
        """Tell the peer that a delivery needs it no more."""
        if delivery_id is not None:
            self._answer(wire.Acknowledged(delivery_id))

    def _answer(self, answer: wire.Answer) -> None:
        """Send without waiting, if there is still somebody to send to."""
        broadcast([self.connection], wire.encode_answer(answer))

    async def _turn_away(self) -> None:
        """Close, and read on until the device has heard: its audio is counted as dropped."""
        close = self.connection.close(1013, "try again later")
        closing = create_named_task(close, name=f"{self.name}:turn_away")
        with suppress(ConnectionClosed):
            while True:
                frame = await self.connection.recv()
                with suppress(SpoolError, wire.WireError):
                    self._take(frame)
        await closing

    def _take(self, frame: bytes | str) -> None:
        try:
            message = wire.decode(frame)
        except wire.UnknownTypeError as error:
            _log.warning("%s: frame ignored: %s", self.uid, error)
            return
        match message:
            case wire.Audio():
                if self._features.private_cloud:
                    self.private_cloud.add(message)
                self._audio_bytes.add(message.pcm)
                if self._acknowledges:
                    self._answer(wire.Acknowledged(audio_until=message.started_at))
            case wire.Heartbeat():
                pass
            case wire.Transcript():
                if self._features.transcript_webhook:
                    self._transcripts.add(message)
                else:
                    self._acknowledge(message.delivery_id)
            case wire.Conversation(conversation_id):
                self.private_cloud.switch(conversation_id)
            case wire.SpeakerSample():
                self._speaker_samples.add(message)
                self._acknowledge(message.delivery_id)  # it waits for longer than a link may last
            case wire.ProcessConversation():
                create_named_task(
                    self._process(message), name=f"{self.name}:process", task_set=self.requests
                )

    async def _process(self, request: wire.ProcessConversation) -> None:
        error = None
        try:
            await self._clients.process_conversation(
                self.uid, request.conversation_id, request.language
            )
        except (Exception, asyncio.CancelledError) as failure:  # The app waits for an answer.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            _log.warning("%s: %s not processed: %r", self.uid, request.conversation_id, failure)
            error = str(failure) or type(failure).__name__
        try:
            await self.connection.send(
                wire.encode_answer(wire.Processed(request.conversation_id, error))
            )
        except ConnectionClosed:
            _log.warning("%s: nobody left to tell about %s", self.uid, request.conversation_id)
