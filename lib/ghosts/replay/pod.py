"""A pod for a replay or a lab: the pusher, the services it calls, and who watches them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ghosts.backends import (
    OF_THE_LIBRARY,
    Backend,
    Backends,
    Clients,
    ClientSettings,
    FaultMode,
    Features,
    connect_clients,
    serve_backends,
)
from ghosts.pusher import Lifecycle, Pusher, Spool, serve_pusher
from ghosts.replay.library import Library
from ghosts.replay.probe import Probe


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, alive."""

    pusher: Pusher
    backends: Backends
    clients: Clients
    spool: Spool | None
    probe: Probe
    _library: Library

    async def fail(
        self, backend: Backend, mode: FaultMode, *, seconds: float = 10.0, uid: str | None = None
    ) -> None:
        """Have a service fail from now on, or the library of its client; for one user, or all."""
        if mode in OF_THE_LIBRARY:
            self._library.fail(backend, mode)
        else:
            await self.backends[backend].fail(mode, seconds=seconds, uid=uid)

    async def heal(self, backend: Backend) -> None:
        """Have a service, and the library of its client, work again."""
        self._library.heal(backend)
        await self.backends[backend].heal()


@asynccontextmanager
async def open_pod(
    lifecycle: Lifecycle,
    settings: ClientSettings,
    features: Features | None = None,
    *,
    measure_memory: bool = True,
) -> AsyncIterator[Pod]:
    """Open a pod whose sessions run under this lifecycle, and close it on the way out.

    If the settings say so it has a spool, in a folder that goes with it.
    """
    used = features or Features()
    library = Library()
    async with AsyncExitStack() as stack:
        backends = await stack.enter_async_context(serve_backends(lambda uid: used))
        clients = await stack.enter_async_context(
            connect_clients(backends.addresses, settings, library.client)
        )
        spool = None
        if settings.spool_bytes:
            folder = stack.enter_context(TemporaryDirectory(prefix="spool-"))
            spool = stack.enter_context(Spool(Path(folder) / "spool.sqlite", settings.spool_bytes))
        probe = Probe(backends, clients, spool, measure_memory=measure_memory)
        pusher = await stack.enter_async_context(
            serve_pusher(probe.watching(lifecycle), clients, spool)
        )
        yield Pod(pusher, backends, clients, spool, probe, library)
