"""The link: one session's connection to the pusher, which comes and goes."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake
from websockets.protocol import State

from async_tasks import drain_tasks, ticks
from ghosts import settings
from ghosts.listen.link.backoff import LinkState, tries
from ghosts.listen.link.breaker import Breaker
from ghosts.listen.link.feed import Feed
from ghosts.listen.link.requests import Requests
from ghosts.pusher import wire
from ghosts.service import Lifetime, close_within

_log = logging.getLogger("ghosts.listen")


class PusherLink:
    """Connects, receives, and connects anew; what goes over it waits in a feed meanwhile.

    Its jitter is drawn by the uid, the same for the same uid. ``on_processed`` is called with each
    answer of type 201.
    """

    def __init__(
        self,
        uid: str,
        url: str,
        *,
        feed: Feed,
        requests: Requests,
        breaker: Breaker,
        lifetime: Lifetime,
        on_processed: Callable[[wire.Processed], object],
    ) -> None:
        self.state = LinkState.CONNECTING
        self._uid = uid
        self._url = url
        self._feed = feed
        self._requests = requests
        self._breaker = breaker
        self._lifetime = lifetime
        self._look = lifetime.work()
        self._on_processed = on_processed
        self._chance = random.Random(uid)
        self._connection: ClientConnection | None = None
        self._tries = tries(self._chance, lost=False)
        self._up_since = 0.0
        self._was_connected = False

    def __repr__(self) -> str:
        return f"<PusherLink {self._uid} {self.state}>"

    async def run(self) -> None:
        """Keep a connection up and receive; return once the session is over.

        Each try is a try of the pod's breaker. Cancelling it cancels a try in progress; it does
        not close the connection.
        """
        while connection := await self._connected():
            try:
                await self._receive(connection)
                return
            except ConnectionClosed as closed:
                _log.warning("%s: the pusher is gone: %s", self._uid, closed)
            except wire.WireError as error:
                _log.error("%s: the pusher sends nonsense: %s", self._uid, error)
                await connection.close(error.code)
            finally:
                if connection.state is not State.OPEN:
                    self._down()

    async def heartbeat(self) -> None:
        """Send a heartbeat every 20 s, while there is a connection, until the session is over."""
        async for _ in ticks(self._lifetime.shutdown, settings.PUSHER_HEARTBEAT):
            if self._lifetime.over:
                return
            with suppress(ConnectionClosed):  # its receiver sees that as well, and reconnects
                await self.send(wire.Heartbeat())

    async def send(self, message: wire.Message) -> None:
        """Send a frame. A peer that does not read can hold it up.

        Raises ConnectionClosed where there is no connection, or none any more.
        """
        if self._connection is None:
            raise ConnectionClosedError(None, None)
        await self._connection.send(wire.encode(message))

    async def close(self) -> None:
        """Close the connection, if there is one. It takes the closing handshake's 3 s at most."""
        if self._connection is not None:
            await close_within(self._connection)
            self._down()
        self.state = LinkState.CLOSED

    async def _connected(self) -> ClientConnection | None:
        """Return a connection, or None once the session is over."""
        for pause, state in self._tries:
            self.state = state
            if await self._over_within(pause):
                return None
            try:
                connection = await self._try()
            except (OSError, InvalidHandshake, ConnectionClosed) as error:
                _log.warning("%s: no pusher, %s: %s", self._uid, self.state, error)
            else:
                return connection and await self._up(connection)
        return None

    async def _try(self) -> ClientConnection | None:
        """Try once; None is a try that was cancelled, as the session is over."""
        trying = asyncio.create_task(
            self._breaker.attempt(self._connect), name=f"listen:{self._uid}:pusher_connect"
        )
        over = asyncio.create_task(self._over(), name=f"listen:{self._uid}:pusher_connect_over")
        try:
            await asyncio.wait([trying, over], return_when=asyncio.FIRST_COMPLETED)
            return trying.result() if trying.done() else None
        except asyncio.CancelledError:
            trying.add_done_callback(_let_go)
            raise
        finally:
            unfinished = [one for one in (trying, over) if not one.done()]
            await drain_tasks(
                unfinished, timeout=settings.CANCEL_ACK_TIMEOUT, label="listen_connect"
            )

    async def _connect(self) -> ClientConnection:
        return await connect(
            self._url,
            proxy=None,
            compression=None,
            open_timeout=settings.WS_OPEN_TIMEOUT,
            ping_interval=settings.PUSHER_PING_INTERVAL,
            ping_timeout=settings.PUSHER_PING_TIMEOUT,
            close_timeout=settings.WS_CLOSE_TIMEOUT,
        )

    async def _over_within(self, seconds: float) -> bool:
        """Sleep; say whether the session is over, which ends the sleep.

        Once its device has gone, and something still waits for the pusher, it sleeps a second at
        most: the session has not long.
        """
        now = asyncio.get_running_loop().time
        wake_at = now() + seconds
        while not self._nothing_to_do:
            if self._lifetime.disconnected:
                wake_at = min(wake_at, now() + settings.RECONNECT_BACKOFF)
            self._look.clear()
            try:
                async with asyncio.timeout_at(wake_at):
                    await self._look.wait()
            except TimeoutError:
                break
        return self._nothing_to_do

    async def _over(self) -> None:
        while not self._nothing_to_do:
            self._look.clear()
            await self._look.wait()

    @property
    def _nothing_to_do(self) -> bool:
        return self._lifetime.disconnected and self._feed.settled

    async def _up(self, connection: ClientConnection) -> ClientConnection:
        self._connection = connection
        self._up_since = asyncio.get_running_loop().time()
        if not self._was_connected:
            self._was_connected = True
            self._tries = tries(self._chance, lost=True)
        self.state = LinkState.CONNECTED
        await self._feed.link_up(self.send)
        return connection

    def _down(self) -> None:
        self._connection = None
        self.state = LinkState.RECONNECTING
        # A pusher that takes connections only to close them is not back yet.
        if asyncio.get_running_loop().time() - self._up_since >= settings.LINK_PROVEN:
            self._tries = tries(self._chance, lost=True)
        self._feed.link_down()
        self._requests.link_down()

    async def _receive(self, connection: ClientConnection) -> None:
        """Take frames until the session is over; look at the requests every 5 s at least."""
        while not self._nothing_to_do:
            for request in self._requests.take_due():
                await connection.send(wire.encode(request))
            try:
                async with asyncio.timeout(settings.PUSHER_RECEIVE_TICK):
                    self._take(await connection.recv())
            except TimeoutError:
                continue

    def _take(self, frame: bytes | str) -> None:
        try:
            answer = wire.decode_answer(frame)
        except wire.UnknownTypeError as error:
            _log.warning("%s: the pusher's frame ignored: %s", self._uid, error)
            return
        match answer:
            case wire.Processed():
                self._requests.answered(answer.conversation_id)
                self._on_processed(answer)
            case wire.Acknowledged():
                self._feed.acknowledged(answer)


def _let_go(trying: asyncio.Task[ClientConnection]) -> None:
    """Close a connection that came when nobody waited for it any more."""
    if not trying.cancelled() and trying.exception() is None:
        trying.result().transport.abort()
