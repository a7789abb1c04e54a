"""Faults that lie in a client's library, between a session and a service that is well."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from ghosts.backends import Backend, FaultMode, Service


class Library:
    """What the clients of one pod are built on, and how that fails just now, by backend."""

    def __init__(self) -> None:
        self._mode: dict[Backend, FaultMode] = {}
        self._unblocked: dict[Backend, asyncio.Event] = defaultdict(asyncio.Event)

    def client(self, name: Backend, url: str, http: aiohttp.ClientSession) -> Service:
        """Make the client of one service."""
        return _Client(name, url, http, self)

    def fail(self, backend: Backend, mode: FaultMode) -> None:
        """Fail from now on, in every call of that service."""
        self.heal(backend)
        self._mode[backend] = mode

    def heal(self, backend: Backend) -> None:
        """Work again. Threads that were blocked go on; what was swallowed stays so."""
        self._mode.pop(backend, None)
        if backend in self._unblocked:
            self._unblocked.pop(backend).set()

    async def carry_out(self, backend: Backend, call: "partial[Any]") -> Any:
        """Make a call, in the way in which the library makes them just now."""
        match self._mode.get(backend):
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
        return await self.library.carry_out(self.name, call)


async def _undisturbed(call: "partial[Any]") -> Any:
    running = asyncio.ensure_future(call())
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    return running.result()
