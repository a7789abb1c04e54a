"""One device's session: its state, its tasks, and what it has of the device."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from async_tasks import IdleLimit, Phase, create_named_task, ticks
from ghosts import settings
from ghosts.backends import BackendError, Features, ListenClients, NotFoundError
from ghosts.listen import events
from ghosts.listen.conversations import Conversations, Unprocessed
from ghosts.listen.events import Status
from ghosts.listen.form import Form
from ghosts.listen.handshake import Handshake
from ghosts.listen.link import Breaker, Feed, FeedFullError, PusherLink, Requests
from ghosts.listen.metrics import Metrics
from ghosts.listen.speakers import Speakers
from ghosts.listen.speech import Speech
from ghosts.listen.usage import record_usage
from ghosts.pusher import wire
from ghosts.service import Lifetime, Retirement, close_within

_log = logging.getLogger("ghosts.listen")

_PIECE_BYTES: Final = 96_000
"""Bytes of audio that the feed is given at once, at most (ours): a second at 48 kHz. What a device
may send in one frame, with a head, is more than the pusher takes in one."""
_Loop = Coroutine[Any, Any, None]
PHASES: Final[Mapping[str, Phase]] = {
    "heartbeat": Phase.TRANSPORTS,
    "pusher_receive": Phase.TRANSPORTS,
    "pusher_heartbeat": Phase.TRANSPORTS,
}
"""When a loop is ended at the end of its session; those that are not here consume."""


class ListenSession:
    """What a lifecycle admits, starts, waits for and cleans up. It does none of it by itself."""

    def __init__(
        self,
        connection: ServerConnection,
        handshake: Handshake,
        *,
        pusher_url: str,
        form: Form,
        clients: ListenClients,
        breaker: Breaker,
        unprocessed: Unprocessed,
        metrics: Metrics,
        unix_time: Callable[[], float],
    ) -> None:
        uid = handshake.uid
        self.uid = uid
        self.name = f"listen:{uid}"
        self.gauge = metrics.active
        self.lifetime = Lifetime()
        self.connection = connection
        self._handshake = handshake
        self._form = form
        self._clients = clients
        self._metrics = metrics
        self._unix_time = unix_time
        self._audio_work, self._segments_work = self.lifetime.work(), self.lifetime.work()
        self.feed = form.feed(uid, metrics, (self._audio_work, self._segments_work))
        self.speech = Speech(uid, self.lifetime, clients, metrics, keeps=form.keeps_unheard)
        self._requests = Requests(uid)
        self.conversations = Conversations(
            uid, handshake.language, self.lifetime, self._requests, unprocessed, unix_time
        )
        self.link = PusherLink(
            uid,
            f"{pusher_url}{handshake.query_for_the_pusher(acknowledged=form.acknowledged)}",
            feed=self.feed,
            requests=self._requests,
            breaker=breaker,
            lifetime=self.lifetime,
            on_processed=self._processed,
        )
        self._features = Features()
        self._speakers = Speakers(uid, clients, enabled=False)
        self._active_at = asyncio.get_running_loop().time()
        self._audio_until = 0.0
        self._retirement = Retirement()

    def __repr__(self) -> str:
        return f"<ListenSession {self.uid} {self.lifetime!r} {self.link!r} {self.feed!r}>"

    @property
    def audio(self) -> Feed:
        """What holds the audio that the pusher does not have yet."""
        return self.feed

    @property
    def closed(self) -> bool:
        """Whether the device's connection is closed, or about to be."""
        return self.connection.state is not State.OPEN

    async def admit(self) -> bool:
        """Find out whether the session may begin; if not, close the connection and say so.

        There are four reasons why not: the uid is none, the language is not known, there is no such
        user (or nobody can tell), or the device has left already.
        """
        self._tell(Status.INITIATING)
        if self._handshake.refusal is not None:
            return await self._refuse(1008, self._handshake.refusal)
        try:
            self._features = await self._clients.features(self.uid)
        except NotFoundError:
            return await self._refuse(1008, "there is no such user")
        except BackendError as error:
            _log.warning("%s: %s", self.uid, error)
            return await self._refuse(1011, "Dirty state")
        if self.closed:
            _log.info("%s: left before the session began", self.uid)
            return False
        self._speakers = Speakers(
            self.uid, self._clients, enabled=self._features.speaker_identification
        )
        self._active_at = asyncio.get_running_loop().time()
        self._tell(Status.PROCESSING)
        return True

    def start(self) -> list[asyncio.Task[None]]:
        """Start all tasks, of which there are up to eleven, named ``listen:{uid}:{task}``."""
        tasks = {"receive": self.receive(), **self.loops(), **self.finite()}
        return [create_named_task(task, name=f"{self.name}:{of}") for of, task in tasks.items()]

    def loops(self) -> dict[str, _Loop]:
        """Return by name, not yet started, the loops that last as long as the session."""
        loops = {
            "stream_transcript": self._hear(),
            "heartbeat": self._ping(),
            "record_usage": record_usage(self.uid, self.lifetime, self._clients),
            "transcript_consume": self._pass_on(self.feed.send_segments, self._segments_work),
            "pusher_receive": self.link.run(),
            "pusher_heartbeat": self.link.heartbeat(),
            "lifecycle_manager": self.conversations.run(self._conversation_over),
        }
        if self._sends_audio:
            loops["audio_bytes_consume"] = self._pass_on(self.feed.send_audio, self._audio_work)
        return loops

    def finite(self) -> dict[str, _Loop]:
        """Return by name, not yet started, the two tasks that are meant to end."""
        return {
            "pending_conversations": self.conversations.take_up(),
            "speaker_identification": self._speakers.know_the_user(),
        }

    async def receive(self, timeout: float | None = None) -> None:
        """Read what the device sends until it is gone, sends nonsense, or is silent for too long.

        Too long is ``timeout`` seconds; None is never.
        """
        try:
            async with IdleLimit(timeout) as limit, self._retirement:
                while True:
                    message = await self.connection.recv()
                    limit.touch()
                    self._active_at = asyncio.get_running_loop().time()
                    if isinstance(message, bytes):
                        self._take(message)
                    del message  # else it stays until the next one has come
        except ConnectionClosed as closed:
            _log.info("%s: connection lost: %s", self.uid, closed)
        except TimeoutError:
            if not self._retirement.asked:
                _log.warning("%s: nothing received for %g s", self.uid, timeout)
                await self.connection.close(1011, "receive timeout")
        except ValueError as error:
            _log.warning("%s: closed with 1007: %s", self.uid, error)
            await self.connection.close(1007, str(error))
        except FeedFullError as error:
            _log.error("%s: closed with 1013: %s", self.uid, error)
            await self.connection.close(1013, "try again later")
        finally:
            self.conversations.leave()
            self.lifetime.disconnect()

    def retire(self) -> None:
        """Read no more, and end as though the device had left: it is the pod that leaves."""
        self._retirement.ask()

    async def close(self) -> None:
        """Close the device's connection, then the pusher's, as published: one after the other."""
        await self.hang_up()
        await self.close_link()

    async def hang_up(self) -> None:
        """Close the device's connection. It takes the closing handshake's 3 s at most."""
        await close_within(self.connection, 1001 if self._retirement.asked else 1000)

    async def close_link(self) -> None:
        """Send what waits for the pusher, if there is a link, and close it; what is left is lost.

        A pusher that does not read can hold it up.
        """
        try:
            await self.feed.send_audio()
            await self.feed.send_segments()
        finally:
            self.feed.give_up()
            await self.link.close()

    @property
    def _sends_audio(self) -> bool:
        return self._features.private_cloud or self._features.audio_webhook_seconds is not None

    async def _refuse(self, code: int, reason: str) -> bool:
        _log.warning("%s: refused with %d: %s", self.uid, code, reason)
        await self.connection.close(code, reason)
        return False

    def _take(self, pcm: bytes) -> None:
        if len(pcm) % settings.BYTES_PER_SAMPLE:
            raise ValueError(f"{len(pcm)} bytes are no 16-bit samples")
        if self._sends_audio:
            self.feed.check_room(len(pcm))
            self._metrics.received.inc(len(pcm))
            rate = self._handshake.bytes_per_second
            # What comes in a burst began when what was before it had ended, and not all at once.
            started_at = max(self._unix_time() - len(pcm) / rate, self._audio_until)
            self._audio_until = started_at + len(pcm) / rate
            for start in range(0, len(pcm), _PIECE_BYTES):
                piece = pcm[start : start + _PIECE_BYTES]
                self.feed.add_audio(self.conversations.id, started_at + start / rate, piece)
        self.speech.add(pcm)

    async def _hear(self) -> None:
        try:
            await self.speech.run(self._tell, self._heard)
            await self._ask_for_samples(self.conversations.id, "listen_speaker_final")
        finally:
            self.feed.no_more()

    async def _heard(self, segments: list[dict[str, Any]]) -> None:
        self.conversations.said()
        self._speakers.note(segments)
        broadcast([self.connection], events.heard(segments))
        self.feed.add_segments(self.conversations.id, segments)
        await self._form.fan_out(
            [self._clients.tell_app(self.uid, app, segments) for app in self._features.apps]
        )

    async def _conversation_over(self, conversation_id: str) -> None:
        await self._ask_for_samples(conversation_id, "listen_speaker_rollover")

    async def _ask_for_samples(self, conversation_id: str, label: str) -> None:
        for sample in await self._speakers.identify(conversation_id, label):
            self.feed.add_sample(sample)

    async def _ping(self) -> None:
        """Ping the device every 10 s; hang up after 90 s without a message of its own."""
        now = asyncio.get_running_loop().time
        async for _ in ticks(self.lifetime.shutdown, settings.CLIENT_PING):
            if self.lifetime.over:
                return
            if now() - self._active_at > settings.CLIENT_INACTIVITY:
                _log.info("%s: closed with 1001: nothing heard of the device", self.uid)
                await self.connection.close(1001, "inactivity")
                return
            await self.connection.send(events.PING)

    async def _pass_on(self, send: Callable[[], Awaitable[None]], work: asyncio.Event) -> None:
        """Send what waits in the feed, each second that there is work; at the end, see it off."""
        async for _ in ticks(self.lifetime.shutdown, settings.SEND_TICK, work=work):
            await send()
            if self.lifetime.disconnected:
                break
        await self.feed.finish()

    def _processed(self, answer: wire.Processed) -> None:
        if answer.error is not None:
            _log.warning("%s: %s not processed: %s", self.uid, answer.conversation_id, answer.error)
            return
        self.conversations.processed(answer.conversation_id)
        broadcast([self.connection], events.processed(answer.conversation_id))

    def _tell(self, of: Status) -> None:
        broadcast([self.connection], events.status(of))
