"""The HTTP client of one backend: a call, its timeout, and the errors it raises."""

import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import aiohttp

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients.settings import ClientSettings
from ghosts.errors import GhostsError

_IN_ONE_WRITE: Final = 2**20
"""Bytes above which a body is passed as a file: aiohttp warns about larger bodies in one piece."""


class BackendError(GhostsError):
    """A backend refused, failed, or did not answer within the timeout of its client."""


class NotFoundError(BackendError):
    """A backend answered 404."""


@dataclass(frozen=True, slots=True)
class Service:
    """The client of one backend at one address."""

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

        It takes as long as the timeout of the client allows. Cancelling it closes the connection;
        the backend may have handled the request.

        Args:
            uid: The user.
            json: The body, to be encoded. None: the body is ``data``.
            data: The body as bytes.
            delivery_id: Makes the request idempotent: a backend ignores one whose id it has seen.
            **query: More parameters of the query.

        Raises:
            NotFoundError: the backend answered 404.
            BackendError: the backend failed, or the timeout passed.
            ValueError: the answer is declared as JSON and is not. No caller handles it: that is
                the crash of a loop in the scenarios.
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


ClientOf: TypeAlias = Callable[[Backend, str, aiohttp.ClientSession], Service]
"""Makes the client of one backend, given its name, its URL, and an HTTP session."""

_CONNECTIONS: Mapping[Backend, int] = {
    Backend.STORAGE: 0,  # unlimited: the number of upload workers is the limit
    Backend.SPEAKER_SAMPLES: config.SPEAKER_SAMPLES_CONNECTIONS,
    Backend.SPEECH_TO_TEXT: 0,  # unlimited: each session has a stream of its own
}


@asynccontextmanager
async def connect_services(
    names: Sequence[Backend],
    addresses: Mapping[Backend, str],
    client_settings: ClientSettings,
    service: ClientOf,
) -> AsyncIterator[dict[Backend, Service]]:
    """Open a client of each backend in ``names``; close them on exit.

    Args:
        names: The backends.
        addresses: The URL of each.
        client_settings: The timeouts.
        service: Makes the client of one backend.
    """
    async with AsyncExitStack() as stack:
        services = {}
        for name in names:
            limit = _CONNECTIONS.get(name, config.WEBHOOK_CONNECTIONS)
            connector = aiohttp.TCPConnector(limit=limit, keepalive_timeout=3600)
            timeout = client_settings.timeouts[name]
            http = aiohttp.ClientSession(connector=connector, timeout=timeout)
            services[name] = service(name, addresses[name], await stack.enter_async_context(http))
        yield services
