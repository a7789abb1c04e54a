"""Faults that lie in a client's library, between a session and a service that is well."""

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from ghosts.backends import ALL, Backend, FaultMode, Service, Share


class Library:
    """What the clients of one pod are built on, and how that fails just now, by backend."""

    def __init__(self) -> None:
        self._failures: dict[Backend, tuple[FaultMode, Share]] = {}
        self._calls: Counter[tuple[Backend, str]] = Counter()
        self._unblocked: dict[Backend, asyncio.Event] = defaultdict(asyncio.Event)

    def client(self, name: Backend, url: str, http: aiohttp.ClientSession) -> Service:
        """Make the client of one service."""
        return _Client(name, url, http, self)

    def fail(self, backend: Backend, mode: FaultMode, share: Share = ALL) -> None:
        """Fail from now on, in a share of the calls of that service."""
        self.heal(backend)
        self._failures[backend] = mode, share

    def heal(self, backend: Backend) -> None:
        """Work again. Threads that were blocked go on; what was swallowed stays so."""
        self._failures.pop(backend, None)
        if backend in self._unblocked:
            self._unblocked.pop(backend).set()

    async def carry_out(self, backend: Backend, uid: str, call: "partial[Any]") -> Any:
        """Make a call for a user, in the way in which the library makes them just now."""
        number, self._calls[backend, uid] = self._calls[backend, uid], self._calls[backend, uid] + 1
        mode, share = self._failures.get(backend, (None, ALL))
        match mode if share.has(uid, number) else None:
            case FaultMode.SWALLOWS_CANCELLATION:
                return await _undisturbed(call)
            case FaultMode.CANCELS_CALLER:
                raise asyncio.CancelledError
            case FaultMode.BLOCKS_THREAD:
                await self._unblocked[backend].wait()
        return await call()


@dataclass(frozen=True, slots=True)
class _Client(Service):
    """A client as it would be, whose calls are carried out by a library that can fail."""

    library: Library

    async def call(self, uid: str, **request: Any) -> Any:
        call = partial(Service.call, self, uid, **request)
        return await self.library.carry_out(self.name, uid, call)


async def _undisturbed(call: "partial[Any]") -> Any:
    running = asyncio.ensure_future(call())
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    return running.result()
