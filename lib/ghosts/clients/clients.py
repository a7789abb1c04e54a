"""The clients of both services: one method per call of a backend."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ghosts.backends import LISTEN_BACKENDS, PUSHER_BACKENDS, Backend
from ghosts.clients.http import ClientOf, Service, connect_services
from ghosts.clients.settings import PUBLISHED, ClientSettings
from ghosts.clients.upload_pool import UploadPool


@dataclass(frozen=True, slots=True)
class Features:
    """What a user has switched on; read once, when a session is admitted."""

    private_cloud: bool = True
    """Whether the user's audio is stored."""
    transcript_webhook: bool = True
    """Whether transcripts are sent to the user's webhook."""
    audio_webhook_seconds: float | None = None
    """Seconds of audio in each piece sent to the audio webhook; None: there is no webhook."""
    apps: tuple[str, ...] = ()
    """The apps that are sent each transcript."""
    speaker_identification: bool = False
    """Whether listen looks up speakers among the people whom the user knows."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Audio of one conversation, in order, to be uploaded as one object."""

    uid: str
    conversation_id: str
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes
    delivery_id: str | None = None
    """Makes the upload idempotent; without one, storage keeps each copy that it is sent."""


class PusherClients:
    """Every call of a session of the pusher. All sessions of a pod share one instance.

    Each method raises BackendError as :meth:`Service.call` does, within the timeout of its backend.
    """

    def __init__(self, services: Mapping[Backend, Service], uploads: UploadPool) -> None:
        self._services = services
        self.uploads = uploads

    async def features(self, uid: str) -> Features:
        """Return what the user has switched on."""
        return await _features(self._services[Backend.USERS], uid)

    async def upload(self, batch: Batch) -> None:
        """Store a batch, on a worker of the upload pool. Waiting for a worker has no bound.

        Cancelling it does not stop the upload: see :class:`UploadPool`.
        """
        storage = self._services[Backend.STORAGE]
        await self.uploads.run(
            lambda: storage.call(
                batch.uid,
                data=batch.audio,
                conversation_id=batch.conversation_id,
                started_at=repr(batch.started_at),
                delivery_id=batch.delivery_id,
            ),
            payload_bytes=len(batch.audio),
        )

    async def send_transcript(
        self, uid: str, segments: Sequence[Mapping[str, Any]], delivery_id: str | None = None
    ) -> None:
        """Send a transcript to the user's webhook; with ``delivery_id`` it is kept once."""
        await self._services[Backend.TRANSCRIPT_WEBHOOK].call(
            uid, json=segments, delivery_id=delivery_id
        )

    async def send_audio(self, uid: str, audio: bytes) -> None:
        """Send a piece of audio to the user's webhook."""
        await self._services[Backend.AUDIO_WEBHOOK].call(uid, data=audio)

    async def take_speaker_sample(
        self,
        uid: str,
        person_id: str,
        conversation_id: str,
        segment_ids: Sequence[str],
        delivery_id: str | None = None,
    ) -> None:
        """Request samples of a person's voice from a conversation."""
        await self._services[Backend.SPEAKER_SAMPLES].call(
            uid,
            json={"segment_ids": list(segment_ids)},
            person_id=person_id,
            conversation_id=conversation_id,
            delivery_id=delivery_id,
        )

    async def process_conversation(self, uid: str, conversation_id: str, language: str) -> None:
        """Process a conversation; return when it was."""
        await self._services[Backend.CONVERSATIONS].call(
            uid, conversation_id=conversation_id, language=language
        )


class ListenClients:
    """Every call of a session of listen, except to the pusher.

    Each method raises BackendError as :meth:`Service.call` does, within the timeout of its backend.
    """

    def __init__(self, services: Mapping[Backend, Service]) -> None:
        self._services = services

    async def features(self, uid: str) -> Features:
        """Return what the user has switched on."""
        return await _features(self._services[Backend.USERS], uid)

    async def hear(self, uid: str, audio: bytes) -> list[dict[str, Any]]:
        """Transcribe audio; return its segments, empty where nothing is said."""
        heard: dict[str, Any] = await self._services[Backend.SPEECH_TO_TEXT].call(uid, data=audio)
        segments: list[dict[str, Any]] = heard.get("segments", [])
        return segments

    async def who_speaks(self, uid: str, speaker: str) -> str | None:
        """Return the id of the person whose voice it is; None if the user does not know them."""
        answer = await self._services[Backend.PEOPLE].call(uid, speaker=speaker)
        person: str | None = answer.get("person_id")
        return person

    async def tell_app(self, uid: str, app: str, segments: Sequence[Mapping[str, Any]]) -> None:
        """Send segments to one of the user's apps."""
        await self._services[Backend.APPS].call(uid, json=segments, app=app)

    async def record_usage(self, uid: str, seconds: float) -> None:
        """Add ``seconds`` of listening to the user's account."""
        await self._services[Backend.USAGE].call(uid, seconds=f"{seconds:g}")


async def _features(users: Service, uid: str) -> Features:
    switched_on = await users.call(uid)
    return Features(**switched_on | {"apps": tuple(switched_on["apps"])})


@asynccontextmanager
async def connect_pusher_clients(
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings = PUBLISHED,
    service: ClientOf = Service,
) -> AsyncIterator[PusherClients]:
    """Open the clients of a pod of the pusher; close them, and its upload pool, on exit.

    Args:
        addresses: The URL of each backend.
        client_settings: The timeouts, and the size of the upload pool.
        service: Makes the client of one backend. Replays put client faults here.
    """
    async with connect_services(PUSHER_BACKENDS, addresses, client_settings, service) as services:
        uploads = UploadPool(client_settings.upload_workers)
        try:
            yield PusherClients(services, uploads)
        finally:
            await uploads.close()


@asynccontextmanager
async def connect_listen_clients(
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings = PUBLISHED,
    service: ClientOf = Service,
) -> AsyncIterator[ListenClients]:
    """Open the clients of a pod of listen; the arguments are those of connect_pusher_clients."""
    async with connect_services(LISTEN_BACKENDS, addresses, client_settings, service) as services:
        yield ListenClients(services)
