"""The link: the connection of one session to the pusher, which reconnects."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake
from websockets.protocol import State

from async_tasks import drain_tasks, poll
from ghosts import config, protocol
from ghosts.listen.link.backoff import LinkState, tries
from ghosts.listen.link.breaker import Breaker
from ghosts.listen.link.requests import Requests
from ghosts.listen.outbound.queue import OutboundQueue
from ghosts.ws_server import StopSignals, close_within

_log = logging.getLogger("ghosts.listen")
OnProcessed: TypeAlias = Callable[[protocol.Processed], object]
"""Called with the answer to a request to process a conversation."""


class PusherLink:
    """Connects, receives, and reconnects, while the outbound queue keeps what is to be sent.

    Args:
        uid: The user. It is the seed of the jitter, so the same user has the same pauses.
        url: The URL of the pusher, with its query.
        outbound: What is queued for the pusher.
        requests: Requests to process conversations.
        breaker: The circuit breaker of the pod.
        signals: Those of the session.
    """

    def __init__(
        self,
        uid: str,
        url: str,
        *,
        outbound: OutboundQueue,
        requests: Requests,
        breaker: Breaker,
        signals: StopSignals,
    ) -> None:
        self.state = LinkState.CONNECTING
        self._uid = uid
        self._url = url
        self._outbound = outbound
        self._requests = requests
        self._breaker = breaker
        self._signals = signals
        self._wake = signals.work_event()
        self._chance = random.Random(uid)
        self._connection: ClientConnection | None = None
        self._tries = tries(self._chance, lost=False)
        self._up_since = 0.0
        self._was_connected = False

    def __repr__(self) -> str:
        return f"<PusherLink {self._uid} {self.state}>"

    async def keep_connected(self, on_processed: OnProcessed) -> None:
        """Connect, receive, and reconnect; return after the disconnect, when the queue is settled.

        Each attempt goes through the breaker. Cancelling it cancels an attempt in progress, within
        5 s; it does not close the connection: see :meth:`close`.

        Args:
            on_processed: Called with each answer to a request. It is not kept: the session would
                refer to itself by its link, and be freed by the garbage collector only.
        """
        while connection := await self._connected():
            try:
                await self._receive(connection, on_processed)
                return
            except ConnectionClosed as closed:
                _log.warning("%s: connection to the pusher lost: %s", self._uid, closed)
            except protocol.FrameError as error:
                _log.error("%s: invalid frame from the pusher: %s", self._uid, error)
                await close_within(connection, error.code)
            finally:
                if connection.state is not State.OPEN:
                    self._down()

    async def heartbeat(self) -> None:
        """Send a heartbeat every 20 s while there is a connection; return after the disconnect."""
        async for _ in poll(self._signals.shutdown, config.PUSHER_HEARTBEAT):
            if self._signals.ending:
                return
            with suppress(ConnectionClosed):  # `run` is told as well, and reconnects
                await self.send(protocol.Heartbeat())

    async def send(self, message: protocol.Message) -> None:
        """Send a frame. It has no bound: a pusher that does not read blocks it.

        Raises:
            ConnectionClosed: there is no connection, or it was closed meanwhile.
        """
        if self._connection is None:
            raise ConnectionClosedError(None, None)
        await self._connection.send(protocol.encode(message))

    async def close(self) -> None:
        """Close the connection, if there is one. It takes 3 s at most."""
        if self._connection is not None:
            await close_within(self._connection)
            self._down()
        self.state = LinkState.CLOSED

    async def _connected(self) -> ClientConnection | None:
        """Return a new connection; None: it is no longer needed."""
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
        """Attempt to connect; None: the link is no longer needed, and the attempt was cancelled."""
        trying = asyncio.create_task(
            self._breaker.attempt(self._connect), name=f"listen:{self._uid}:pusher_connect"
        )
        over = asyncio.create_task(self._over(), name=f"listen:{self._uid}:pusher_connect_over")
        try:
            await asyncio.wait([trying, over], return_when=asyncio.FIRST_COMPLETED)
            return trying.result() if trying.done() else None
        except asyncio.CancelledError:
            # It may have succeeded in the turn in which this was cancelled: close that connection.
            trying.add_done_callback(_close_late_connection)
            raise
        finally:
            unfinished = [one for one in (trying, over) if not one.done()]
            await drain_tasks(unfinished, timeout=config.CANCEL_ACK_TIMEOUT, label="listen_connect")
            del trying  # the traceback of its error refers to this frame, and so to the session

    async def _connect(self) -> ClientConnection:
        return await connect(
            self._url,
            proxy=None,
            compression=None,
            open_timeout=config.WS_OPEN_TIMEOUT,
            ping_interval=config.PUSHER_PING_INTERVAL,
            ping_timeout=config.PUSHER_PING_TIMEOUT,
            close_timeout=config.WS_CLOSE_TIMEOUT,
        )

    async def _over_within(self, seconds: float) -> bool:
        """Sleep for ``seconds``, or until the link is no longer needed; return whether that is so.

        After the disconnect it sleeps for a second at most while something is queued: the drain of
        the session has a bound.
        """
        now = asyncio.get_running_loop().time
        wake_at = now() + seconds
        while not self._nothing_to_do:
            if self._signals.disconnected:
                wake_at = min(wake_at, now() + config.RECONNECT_BACKOFF)
            self._wake.clear()
            try:
                async with asyncio.timeout_at(wake_at):
                    await self._wake.wait()
            except TimeoutError:
                break
        return self._nothing_to_do

    async def _over(self) -> None:
        while not self._nothing_to_do:
            self._wake.clear()
            await self._wake.wait()

    @property
    def _nothing_to_do(self) -> bool:
        return self._signals.disconnected and self._outbound.settled

    async def _up(self, connection: ClientConnection) -> ClientConnection:
        self._connection = connection
        self._up_since = asyncio.get_running_loop().time()
        if not self._was_connected:
            self._was_connected = True
            self._tries = tries(self._chance, lost=True)
        self.state = LinkState.CONNECTED
        await self._outbound.link_up(self.send)
        return connection

    def _down(self) -> None:
        self._connection = None
        self.state = LinkState.RECONNECTING
        # A pusher that accepts connections and closes them has not recovered: the pauses go on.
        if asyncio.get_running_loop().time() - self._up_since >= config.LINK_PROVEN:
            self._tries = tries(self._chance, lost=True)
        self._outbound.link_down()
        self._requests.link_down()

    async def _receive(self, connection: ClientConnection, on_processed: OnProcessed) -> None:
        """Handle frames until the link is no longer needed; send due requests every 5 s.

        Raises:
            ConnectionClosed: the connection was lost.
            FrameError: the pusher sent an invalid frame.
        """
        while not self._nothing_to_do:
            for request in self._requests.take_due():
                await connection.send(protocol.encode(request))
            try:
                async with asyncio.timeout(config.PUSHER_RECEIVE_POLL_INTERVAL):
                    self._take(await connection.recv(), on_processed)
            except TimeoutError:
                continue

    def _take(self, frame: bytes | str, on_processed: OnProcessed) -> None:
        try:
            answer = protocol.decode_answer(frame)
        except protocol.UnknownFrameTypeError as error:
            _log.warning("%s: frame from the pusher ignored: %s", self._uid, error)
            return
        match answer:
            case protocol.Processed():
                self._requests.answered(answer.conversation_id)
                on_processed(answer)
            case protocol.Acknowledged():
                self._outbound.acknowledged(answer)


def _close_late_connection(trying: asyncio.Task[ClientConnection]) -> None:
    """Abort a connection that nothing uses: its caller was cancelled."""
    if not trying.cancelled() and trying.exception() is None:
        trying.result().transport.abort()
