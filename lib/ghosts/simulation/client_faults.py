"""Client faults: faults inside a client library, between a session and a working backend."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from ghosts.backends import Backend
from ghosts.clients import Service
from ghosts.records.fault import ALL, FaultMode, Share
from ghosts.simulation.faults import BEHAVIOURS, Call


class ClientFaults:
    """The client faults of one pod at the moment, by backend."""

    def __init__(self) -> None:
        self._faults: dict[Backend, tuple[FaultMode, Share]] = {}
        self._calls: Counter[tuple[Backend, str]] = Counter()
        self._ended: dict[Backend, asyncio.Event] = defaultdict(asyncio.Event)

    def client(self, name: Backend, url: str, http: aiohttp.ClientSession) -> Service:
        """Return a client of the backend ``name`` at ``url``, whose calls these faults apply to."""
        return _FaultyService(name, url, http, self)

    def fail(self, backend: Backend, mode: FaultMode, share: Share = ALL) -> None:
        """Make a share of the calls of ``backend`` fail from now on."""
        self.recover(backend)
        self._faults[backend] = mode, share

    def recover(self, backend: Backend) -> None:
        """End the fault. Blocked threads go on; a swallowed cancellation stays swallowed."""
        self._faults.pop(backend, None)
        if backend in self._ended:
            self._ended.pop(backend).set()

    async def carry_out(self, backend: Backend, uid: str, call: Call) -> Any:
        """Make a call for a user, with the client fault of its backend if there is one."""
        number, self._calls[backend, uid] = self._calls[backend, uid], self._calls[backend, uid] + 1
        mode, share = self._faults.get(backend, (None, ALL))
        if mode is None or not share.has(uid, number):
            return await call()
        around_call = BEHAVIOURS[mode].around_call
        assert around_call is not None
        return await around_call(call, self._ended[backend])


@dataclass(frozen=True, slots=True)
class _FaultyService(Service):
    faults: ClientFaults

    async def call(self, uid: str, **request: Any) -> Any:
        call = partial(Service.call, self, uid, **request)
        return await self.faults.carry_out(self.name, uid, call)
