"""A pod for a replay or a lab: the pusher, the services it calls, and who watches them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from ghosts.backends import (
    ALL,
    BACKENDS,
    OF_THE_LIBRARY,
    OF_THE_PUSHER,
    Backend,
    Backends,
    Clients,
    ClientSettings,
    FaultMode,
    Features,
    Share,
    connect_clients,
    connect_listen_clients,
    serve_backends,
)
from ghosts.backends.held_port import hold_port
from ghosts.listen import Listen, ListenLifecycle, form_of
from ghosts.observation.observer import Observer
from ghosts.pusher import Lifecycle, Pusher, Spool
from ghosts.replay import podcast
from ghosts.replay.devices import EPOCH
from ghosts.replay.library import Library


class Pod:
    """One pod, alive; to be made by :func:`open_pod`.

    ``pusher``, ``clients`` and ``spool`` are those of the pod of the pusher that takes connections:
    another may take its place. ``listen`` is None where devices come to the pusher itself.
    """

    pusher: Pusher
    clients: Clients
    spool: Spool | None = None
    listen: Listen | None = None

    def __init__(
        self,
        lifecycle: Lifecycle,
        settings: ClientSettings,
        backends: Backends,
        observer: Observer,
        library: Library,
        stack: AsyncExitStack,
    ) -> None:
        self.backends = backends
        self.observer = observer
        self._lifecycle = observer.sessions.tracking(lifecycle)
        self._settings = settings
        self._library = library
        self._stack = stack
        self._left_spools: list[Spool] = []
        self._between = stack.enter_context(ExitStack())

    async def fail(
        self,
        backend: Backend,
        mode: FaultMode,
        *,
        seconds: float = 10.0,
        uid: str | None = None,
        share: Share = ALL,
    ) -> None:
        """Make a service fail from now on, or the library of its client.

        Only the requests of one user fail if there is a ``uid``, and of these only a ``share``.
        """
        if mode in OF_THE_LIBRARY:
            self._library.fail(backend, mode, share)
        else:
            await self.backends[backend].fail(mode, seconds=seconds, uid=uid, share=share)

    async def heal(self, backend: Backend) -> None:
        """Have a service, and the library of its client, work again."""
        self._library.heal(backend)
        await self.backends[backend].heal()

    async def start_pusher(self) -> None:
        """Start a pod of the pusher, on the port of the one before it, if there was one.

        It has a spool if the settings say so, in a folder that goes with the replay: that of a pod
        that was stopped before, if nobody else has it.
        """
        self.clients = await self._stack.enter_async_context(
            connect_clients(self.backends.addresses, self._settings, self._library.client)
        )
        if self._settings.spool_bytes:
            self.spool = self._left_spools.pop() if self._left_spools else self._new_spool()
        port = self.observer.port if self.observer.pushers else 0
        self.pusher = Pusher(self._lifecycle, self.clients, self.spool)
        await self.pusher.start(port)
        self._between.close()
        self._stack.push_async_callback(self.pusher.stop)
        self.observer.pushers.append(self.pusher)
        self.observer.clients.append(self.clients)

    async def stop_pusher(self, *, grace: float | None = None) -> None:
        """Stop the pod of the pusher, with the grace that goes with its settings, or another."""
        await self._stop_listening()
        await self.pusher.stop(grace=self._settings.grace if grace is None else grace)
        if self.spool is not None:
            self._left_spools.append(self.spool)

    async def restart_pusher(self) -> None:
        """Have another pod of the pusher take the connections, then stop the one before it.

        That has the grace that goes with its settings. If it leaves something in its spool, a pod
        without connections delivers it, as one would that is given its disk.
        """
        before, clients, spool = self.pusher, self.clients, self.spool
        await self._stop_listening()
        await self.start_pusher()
        await before.stop(grace=self._settings.grace)
        if spool is not None and spool.size:
            heir = Pusher(self._lifecycle, clients, spool)
            await heir.start()
            self._stack.push_async_callback(heir.stop)

    def _new_spool(self) -> Spool:
        folder = self._stack.enter_context(TemporaryDirectory(prefix="spool-"))
        path = Path(folder) / "spool.sqlite"
        spool = self._stack.enter_context(Spool(path, self._settings.spool_bytes))
        self.observer.spools.append(spool)
        return spool

    async def _stop_listening(self) -> None:
        """Free the port for the next pod of the pusher, and for nobody else."""
        self.pusher.stop_listening()
        await asyncio.sleep(0)  # then its listener is closed
        self._between.enter_context(closing(hold_port("127.0.0.1", self.pusher.port)))

    async def start_listen(self, lifecycle: ListenLifecycle) -> None:
        """Start a pod of listen, which feeds the pusher, whichever of its pods may be there."""
        form = form_of(lifecycle)
        clients = await self._stack.enter_async_context(
            connect_listen_clients(self.backends.addresses, form.clients, self._library.client)
        )
        loop = asyncio.get_running_loop()
        self.listen = Listen(
            self.observer.listen_sessions.tracking(lifecycle),
            form,
            clients,
            f"ws://127.0.0.1:{self.pusher.port}",
            unix_time=lambda: EPOCH + loop.time(),
        )
        await self.listen.start()
        self._stack.push_async_callback(self.listen.stop)
        self.observer.listen = self.listen


@asynccontextmanager
async def open_pod(
    lifecycle: Lifecycle,
    settings: ClientSettings,
    features: Features | None = None,
    *,
    listening: ListenLifecycle | None = None,
    measure_memory: bool = True,
) -> AsyncIterator[Pod]:
    """Open a pod whose sessions run under this lifecycle, and close it on the way out.

    With ``listening`` there is a pod of listen before it, whose sessions run under that one.
    """
    used = features or Features()
    library = Library()
    names = OF_THE_PUSHER if listening is None else BACKENDS
    async with AsyncExitStack() as stack:
        backends = await stack.enter_async_context(
            serve_backends(lambda uid: used, podcast.hear, names)
        )
        observer = Observer(backends, measure_memory=measure_memory)
        pod = Pod(lifecycle, settings, backends, observer, library, stack)
        await pod.start_pusher()
        if listening is not None:
            await pod.start_listen(listening)
        clock = asyncio.create_task(observer.run(), name="observer")
        stack.callback(clock.cancel)
        yield pod
