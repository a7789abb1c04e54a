"""The pod's client of storage: every upload that was tried, and the outage of six hours.

That outage is here and not in the storage server: thousands of HTTP requests would take longer than
a reader waits.
"""

import asyncio
import math
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp

from ghosts.backends import Backend
from ghosts.clients import BackendError, Service
from ghosts.clients.http import NotFoundError
from ghosts.exercises.catalogue.nothing_lost.case import (
    ANSWER_LOST_FOR,
    FORBIDDEN,
    LONG_OUTAGE,
    NOT_FOUND,
)
from ghosts.exercises.catalogue.nothing_lost.sent import Sent
from ghosts.pusher.spool_file import Key

_ENOUGH: Final = 1100
"""Failures of one piece of audio, after which an attempt fails at its deadline and not at once."""
_AT_ONCE_FOR: Final = 5 * 3600
_LATENCY: Final = 0.05
"""Seconds. Without it hundreds of uploads in a row would look like code that never idles."""


@dataclass(slots=True, kw_only=True)
class Upload:
    """One attempt, in seconds of the simulated clock. ``ended`` is None if its process ended it."""

    sent: Sent
    delivery_id: str | None
    process: int
    began: float
    ended: float | None = None
    confirmed: bool = False


@dataclass(slots=True)
class Uploads:
    """All attempts of all processes, in order."""

    deadline: float | None
    process: int = 0
    gone: bool = False
    """Whether the process was killed: nothing of it is sent any more."""
    tried: list[Upload] = field(default_factory=list)
    _confirmed: Counter[str | None] = field(default_factory=Counter)
    _audio: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _failures: Counter[tuple[Key, float]] = field(default_factory=Counter)

    @property
    def most_confirmed(self) -> int:
        """How often the delivery was confirmed that was confirmed most often."""
        return max(self._confirmed.values(), default=0)

    def client(self, name: Backend, url: str, http: aiohttp.ClientSession) -> Service:
        """Return a client of a backend; that of storage notes its calls here."""
        if name is not Backend.STORAGE:
            return Service(name, url, http)
        return _StorageClient(name, url, http, self)

    def sent(self, size: int, crc: int, query: Mapping[str, str]) -> Sent:
        """Return what a request that storage has received was sent with."""
        key = Key(query["uid"], query["conversation_id"])
        return Sent(key, _seconds(query["started_at"]), self._audio[size, crc])

    async def carry_out(
        self,
        call: Callable[[], Awaitable[Any]],
        uid: str,
        *,
        data: bytes,
        conversation_id: str,
        started_at: str,
        delivery_id: str | None,
    ) -> Any:
        """Make a call, and note it.

        Raises:
            BackendError: the call fails, or there is an outage.
        """
        if self.gone:
            raise BackendError("storage: the process was killed")
        upload = Upload(
            sent=Sent(Key(uid, conversation_id), _seconds(started_at), self._one_copy(data)),
            delivery_id=delivery_id,
            process=self.process,
            began=asyncio.get_running_loop().time(),
        )
        self.tried.append(upload)
        try:
            await asyncio.sleep(_LATENCY)
            if NOT_FOUND[0] <= upload.began < NOT_FOUND[1]:
                raise NotFoundError(f"storage: does not know {uid}")
            if FORBIDDEN[0] <= upload.began < FORBIDDEN[1]:
                raise BackendError("storage: status 403")
            if LONG_OUTAGE[0] <= upload.began < LONG_OUTAGE[1]:
                await self._fail(upload, call)
            answer = await call()
            upload.confirmed = True
            self._confirmed[delivery_id] += delivery_id is not None
        except BackendError:
            upload.ended = asyncio.get_running_loop().time()
            raise
        upload.ended = asyncio.get_running_loop().time()
        return answer

    def _one_copy(self, data: bytes) -> bytes:
        return self._audio.setdefault((len(data), zlib.crc32(data)), bytes(data))

    async def _fail(self, upload: Upload, call: Callable[[], Awaitable[Any]]) -> None:
        audio = upload.sent.key, upload.sent.started_at
        self._failures[audio] += 1
        if upload.sent.key == ANSWER_LOST_FOR and self._failures[audio] == 1:
            await call()
        at_once = upload.began < LONG_OUTAGE[0] + _AT_ONCE_FOR
        if at_once and self._failures[audio] <= _ENOUGH:
            raise BackendError("storage: status 500")
        await asyncio.sleep(math.inf if self.deadline is None else self.deadline)
        raise BackendError("storage: TimeoutError")


@dataclass(frozen=True, slots=True)
class _StorageClient(Service):
    uploads: Uploads

    async def call(self, uid: str, **request: Any) -> Any:
        return await self.uploads.carry_out(
            partial(Service.call, self, uid, **request), uid, **request
        )


def _seconds(started_at: str) -> float:
    try:
        return float(started_at)
    except ValueError:
        return math.nan
