"""The test bed: both services, the backends they call, and an observer, for replays and tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from ghosts.backends import BACKENDS, PUSHER_BACKENDS, Backend
from ghosts.clients import (
    Features,
    PusherClients,
    connect_listen_clients,
    connect_pusher_clients,
)
from ghosts.listen import Listen
from ghosts.observation.observer import Observer
from ghosts.pusher import Pusher, Spool
from ghosts.records.fault import ALL, FaultMode, Share
from ghosts.simulation import podcast
from ghosts.simulation.backends import Backends, serve_backends
from ghosts.simulation.client_faults import ClientFaults
from ghosts.simulation.devices import EPOCH
from ghosts.simulation.faults import BEHAVIOURS
from ghosts.simulation.ports import hold_port
from ghosts.variants import ListenVariant, Variant
from ghosts.ws_server import PRODUCTION_KEEPALIVE, Keepalive


class TestBed:
    """A pod of the pusher, a pod of listen if devices come through it, and their backends.

    Made by :func:`open_test_bed`. ``pusher``, ``clients`` and ``spool`` are those of the pod that
    accepts connections; another pod may replace it. ``listen`` is None if devices connect to the
    pusher itself.
    """

    __test__ = False  # pytest would collect it as a test because of its name

    pusher: Pusher
    clients: PusherClients
    spool: Spool | None = None
    listen: Listen | None = None

    def __init__(
        self,
        variant: Variant,
        backends: Backends,
        observer: Observer,
        client_faults: ClientFaults,
        stack: AsyncExitStack,
        spool: Spool | None,
        keepalive: Keepalive,
    ) -> None:
        self.backends = backends
        self.observer = observer
        self._variant = variant.pusher
        self._lifecycle = observer.sessions.tracking(variant.pusher.lifecycle)
        self._client_faults = client_faults
        self._stack = stack
        self._keepalive = keepalive
        self._left_spools: list[Spool] = [] if spool is None else [spool]
        self.observer.spools += self._left_spools
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
        """Make a backend, or its client library, fail from now on.

        ``seconds`` is the delay of ``slow`` and the gap of ``trickles``. With a ``uid`` only the
        requests of that user fail, and only a ``share`` of all requests or of that user's.

        Raises:
            ValueError: the mode closes the port, and there is a ``uid``.
        """
        if BEHAVIOURS[mode].around_call is not None:
            self._client_faults.fail(backend, mode, share)
        else:
            await self.backends[backend].fail(mode, seconds=seconds, uid=uid, share=share)

    async def recover(self, backend: Backend) -> None:
        """Make a backend and its client library work again."""
        self._client_faults.recover(backend)
        await self.backends[backend].recover()

    async def start_pusher(self) -> None:
        """Start a pod of the pusher, on the port of the previous pod if there was one.

        If the variant has a spool, the pod takes over the spool of a pod that was stopped, or else
        gets a new one in a temporary folder.
        """
        self.clients = await self._stack.enter_async_context(
            connect_pusher_clients(
                self.backends.addresses, self._variant.clients, self._client_faults.client
            )
        )
        if self._variant.spool_bytes:
            self.spool = self._left_spools.pop() if self._left_spools else self._new_spool()
        port = self.observer.port if self.observer.pushers else 0
        self.pusher = Pusher(self._lifecycle, self.clients, self.spool, self._keepalive)
        await self.pusher.start(port)
        self._between.close()
        self._stack.push_async_callback(self.pusher.stop)
        self.observer.pushers.append(self.pusher)
        self.observer.clients.append(self.clients)

    async def stop_pusher(self, *, grace: float | None = None) -> None:
        """Stop the pod of the pusher; ``grace`` in seconds is the variant's by default."""
        await self._stop_listening()
        await self.pusher.stop(grace=self._variant.grace if grace is None else grace)
        if self.spool is not None:
            self._left_spools.append(self.spool)

    async def restart_pusher(self) -> None:
        """Start another pod of the pusher, then stop the previous one with the variant's grace.

        If that leaves audio in its spool, a pod without connections uploads it, as a pod would that
        is given its disk.
        """
        before, clients, spool = self.pusher, self.clients, self.spool
        await self._stop_listening()
        await self.start_pusher()
        await before.stop(grace=self._variant.grace)
        if spool is not None and spool.size:
            heir = Pusher(self._lifecycle, clients, spool, self._keepalive)
            await heir.start()
            self._stack.push_async_callback(heir.stop)

    def _new_spool(self) -> Spool:
        folder = self._stack.enter_context(TemporaryDirectory(prefix="spool-"))
        path = Path(folder) / "spool"
        spool = self._stack.enter_context(Spool(path, self._variant.spool_bytes))
        self.observer.spools.append(spool)
        return spool

    async def _stop_listening(self) -> None:
        """Close the listener, and keep the port bound until the next pod listens on it."""
        self.pusher.stop_listening()
        await asyncio.sleep(0)  # asyncio closes the listener in the next turn of the loop
        self._between.enter_context(closing(hold_port("127.0.0.1", self.pusher.port)))

    async def start_listen(self, variant: ListenVariant) -> None:
        """Start a pod of listen, which connects to the pusher's port, whichever pod is there."""
        clients = await self._stack.enter_async_context(
            connect_listen_clients(
                self.backends.addresses, variant.clients, self._client_faults.client
            )
        )
        loop = asyncio.get_running_loop()
        self.listen = Listen(
            self.observer.listen_sessions.tracking(variant.lifecycle),
            variant.settings,
            clients,
            f"ws://127.0.0.1:{self.pusher.port}",
            unix_time=lambda: EPOCH + loop.time(),
            keepalive=self._keepalive,
        )
        await self.listen.start()
        self._stack.push_async_callback(self.listen.stop)
        self.observer.listen = self.listen


@asynccontextmanager
async def open_test_bed(
    variant: Variant,
    features: Features | None = None,
    *,
    through_listen: bool = False,
    measure_memory: bool = True,
    spool: Spool | None = None,
    keepalive: Keepalive = PRODUCTION_KEEPALIVE,
) -> AsyncIterator[TestBed]:
    """Open a test bed whose services are those of ``variant``; close it on the way out.

    ``features`` is what every user has switched on. With ``through_listen``, a pod of listen and
    its backends are started too. Without ``measure_memory``, memory in samples is 0 or None.
    ``spool`` is used instead of one in a temporary folder, and is not closed. ``keepalive`` is the
    pings of both services.
    """
    used = features or Features()
    client_faults = ClientFaults()
    async with AsyncExitStack() as stack:
        backends = await stack.enter_async_context(
            serve_backends(
                lambda uid: used,
                podcast.transcribe,
                BACKENDS if through_listen else PUSHER_BACKENDS,
            )
        )
        observer = Observer(backends, measure_memory=measure_memory)
        bed = TestBed(variant, backends, observer, client_faults, stack, spool, keepalive)
        await bed.start_pusher()
        if through_listen:
            assert variant.listen is not None
            await bed.start_listen(variant.listen)
        sampler = asyncio.create_task(observer.watch(), name="observer")
        stack.callback(sampler.cancel)
        yield bed
