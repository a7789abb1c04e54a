"""The pusher's clients of the services that sessions call."""

import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import aiohttp

from ghosts import settings
from ghosts.backends.client_settings import PUBLISHED, ClientSettings
from ghosts.backends.faults import OF_LISTEN, OF_THE_PUSHER, Backend
from ghosts.backends.pool import WorkerPool

_IN_ONE_WRITE: Final = 2**20
"""Bytes of a body above which aiohttp wants a file, to write it piece by piece."""


class BackendError(Exception):
    """A service refused, failed, or did not answer within its client's deadline."""


class NotFoundError(BackendError):
    """A service does not know what it was asked for."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a user has switched on; read once, when the session is set up."""

    private_cloud: bool = True
    transcript_webhook: bool = True
    audio_webhook_seconds: float | None = None
    """Seconds of audio in each piece sent to the audio webhook; None is off."""
    apps: tuple[str, ...] = ()
    """The apps that are sent each transcript as it is heard."""
    speaker_identification: bool = False
    """Whether speakers are looked up among the people whom the user knows."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Audio of one conversation, in order, that is uploaded as one object."""

    uid: str
    conversation_id: str
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes
    delivery_id: str | None = None
    """By which storage knows a batch that it has already; None is one that it takes each time."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service at one address, with the limits of its client."""

    name: Backend
    url: str
    http: aiohttp.ClientSession

    async def call(
        self,
        uid: str,
        *,
        json: object = None,
        data: bytes | None = None,
        delivery_id: str | None = None,
        **query: str,
    ) -> Any:
        """Post a request on behalf of a user; return the JSON of the answer.

        A service takes a request once that has the ``delivery_id`` of one that it has.

        Raises:
            BackendError: the service failed, or its client's deadline passed.
            ValueError: the answer says that it is JSON and is not. No caller expects that.
        """
        params = {"uid": uid, **query}
        if delivery_id is not None:
            params["delivery_id"] = delivery_id
        body = io.BytesIO(data) if data is not None and len(data) > _IN_ONE_WRITE else data
        try:
            async with self.http.post(self.url, params=params, json=json, data=body) as answer:
                if answer.status == HTTPStatus.NOT_FOUND:
                    raise NotFoundError(f"{self.name}: does not know {uid}")
                if not answer.ok:
                    raise BackendError(f"{self.name}: status {answer.status}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise BackendError(f"{self.name}: {type(error).__name__}: {error}") from error


class Clients:
    """All that a session calls. One is shared by every session of a pod."""

    def __init__(self, services: Mapping[Backend, Service], uploads: WorkerPool) -> None:
        self._services = services
        self.uploads = uploads

    async def features(self, uid: str) -> Features:
        """Read what the user has switched on."""
        return await _features(self._services[Backend.USERS], uid)

    async def upload(self, batch: Batch) -> None:
        """Store a batch, on a worker of the pod's pool. As published, it has no deadline."""
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
        """Send a transcript to the user's webhook, which knows by its id one that it has."""
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
        """Have samples of a person's voice cut from a conversation."""
        await self._services[Backend.SPEAKER_SAMPLES].call(
            uid,
            json={"segment_ids": list(segment_ids)},
            person_id=person_id,
            conversation_id=conversation_id,
            delivery_id=delivery_id,
        )

    async def process_conversation(self, uid: str, conversation_id: str, language: str) -> None:
        """Have a conversation processed."""
        await self._services[Backend.CONVERSATIONS].call(
            uid, conversation_id=conversation_id, language=language
        )


class ListenClients:
    """All that a session of listen calls, the pusher aside."""

    def __init__(self, services: Mapping[Backend, Service]) -> None:
        self._services = services

    async def features(self, uid: str) -> Features:
        """Read what the user has switched on."""
        return await _features(self._services[Backend.USERS], uid)

    async def hear(self, uid: str, audio: bytes) -> list[dict[str, Any]]:
        """Have speech made into segments; there are none where nothing is said."""
        heard: dict[str, Any] = await self._services[Backend.SPEECH_TO_TEXT].call(uid, data=audio)
        segments: list[dict[str, Any]] = heard.get("segments", [])
        return segments

    async def who_speaks(self, uid: str, speaker: str) -> str | None:
        """Say which of the people that the user knows this voice is; None if it is a stranger's."""
        answer = await self._services[Backend.PEOPLE].call(uid, speaker=speaker)
        person: str | None = answer.get("person_id")
        return person

    async def tell_app(self, uid: str, app: str, segments: Sequence[Mapping[str, Any]]) -> None:
        """Send segments to one of the user's apps."""
        await self._services[Backend.APPS].call(uid, json=segments, app=app)

    async def record_usage(self, uid: str, seconds: float) -> None:
        """Have so many seconds of listening put on the user's account."""
        await self._services[Backend.USAGE].call(uid, seconds=f"{seconds:g}")


async def _features(users: Service, uid: str) -> Features:
    switched_on = await users.call(uid)
    return Features(**switched_on | {"apps": tuple(switched_on["apps"])})


ClientOf: TypeAlias = Callable[[Backend, str, aiohttp.ClientSession], Service]
"""Makes the client of one service, given its name, its URL, and what carries its requests."""

_CONNECTIONS: Mapping[Backend, int] = {
    Backend.STORAGE: 0,  # no limit but the number of workers
    Backend.SPEAKER_SAMPLES: settings.SPEAKER_SAMPLES_CONNECTIONS,
    Backend.SPEECH_TO_TEXT: 0,  # without limit: each session has a stream of its own
}


@asynccontextmanager
async def connect_clients(
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings = PUBLISHED,
    service: ClientOf = Service,
) -> AsyncIterator[Clients]:
    """Make a pusher pod's clients, given the URL of each service; close them on the way out.

    ``service`` makes the client of one service, for whoever has one that behaves otherwise.
    """
    async with _services(OF_THE_PUSHER, addresses, client_settings, service) as services:
        uploads = WorkerPool(client_settings.upload_workers)
        try:
            yield Clients(services, uploads)
        finally:
            await uploads.close()


@asynccontextmanager
async def connect_listen_clients(
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings = PUBLISHED,
    service: ClientOf = Service,
) -> AsyncIterator[ListenClients]:
    """Make the clients of a pod of listen, as :func:`connect_clients` does the pusher's."""
    async with _services(OF_LISTEN, addresses, client_settings, service) as services:
        yield ListenClients(services)


@asynccontextmanager
async def _services(
    names: Sequence[Backend],
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings,
    service: ClientOf,
) -> AsyncIterator[dict[Backend, Service]]:
    async with AsyncExitStack() as stack:
        services = {}
        for name in names:
            limit = _CONNECTIONS.get(name, settings.WEBHOOK_CONNECTIONS)
            connector = aiohttp.TCPConnector(limit=limit, keepalive_timeout=3600)
            timeout = client_settings.timeouts[name]
            http = aiohttp.ClientSession(connector=connector, timeout=timeout)
            services[name] = service(name, addresses[name], await stack.enter_async_context(http))
        yield services
