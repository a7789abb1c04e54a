"""The base session: one connection's receive loop, admission and stop, for both services."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Protocol, TypeAlias

from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.protocol import State

from async_tasks import IdleLimit, create_named_task
from ghosts.clients import BackendError, Features
from ghosts.config import WS_CLOSE_TIMEOUT
from ghosts.errors import GhostsError
from ghosts.protocol import FrameError, Handshake
from ghosts.ws_server.metrics import ServerMetrics
from ghosts.ws_server.stop_signals import GracefulStop, StopSignals

Loop: TypeAlias = Coroutine[Any, Any, None]


class NoRoomError(GhostsError):
    """Audio cannot be kept, because of a bound or of the disk. Nothing of it was kept."""


class ReadsFeatures(Protocol):
    """The call that admission needs of the clients of a service."""

    async def features(self, uid: str) -> Features:
        """Return what the user has switched on.

        Raises:
            NotFoundError: there is no such user.
            BackendError: it cannot be read.
        """


class BaseSession(ABC):
    """The state, queues and loops of one connection. A lifecycle runs them.

    A session starts nothing by itself: admission, the loops, the gauge and closing are methods and
    attributes that a lifecycle calls, so that lifecycles can be compared.

    Args:
        connection: The accepted WebSocket connection.
        handshake: What was in its query.
        service: The name of the service; the logger is ``ghosts.{service}``.
        task_prefix: Tasks are named ``{task_prefix}:{uid}:{loop}``.
        clients: Reads the features of the user.
        metrics: Has the gauge.
    """

    def __init__(
        self,
        connection: ServerConnection,
        handshake: Handshake,
        *,
        service: str,
        task_prefix: str,
        clients: ReadsFeatures,
        metrics: ServerMetrics,
    ) -> None:
        self.uid = handshake.uid
        self.name = f"{task_prefix}:{self.uid}"
        self.gauge = metrics.active
        self.signals = StopSignals()
        self.connection = connection
        self._handshake = handshake
        self._features_of = clients.features
        self._features = Features()
        self._graceful_stop = GracefulStop()
        self._log = logging.getLogger(f"ghosts.{service}")

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, or closing."""
        return self.connection.state is not State.OPEN

    async def admit(self) -> bool:
        """Return whether the session may begin; if not, close the connection with the reason.

        It may not if the handshake is invalid, or if the features of the user cannot be read. It
        takes as long as the timeout of the users backend allows, 15 s.
        """
        if self._handshake.refusal is not None:
            return await self._refuse(1008, self._handshake.refusal)
        try:
            self._features = await self._features_of(self.uid)
        except BackendError as error:
            return await self._refuse(*self._refusal_for(error), cause=error)
        return await self._begin()

    def start(self, *, receive_timeout: float | None = None) -> list[asyncio.Task[None]]:
        """Start all tasks, receive first, named ``{name}:{loop}``; return them in that order.

        Args:
            receive_timeout: The timeout of :meth:`receive`, in seconds; None is no limit.
        """
        tasks = {"receive": self.receive(receive_timeout), **self.loops(), **self.finite()}
        return [create_named_task(task, name=f"{self.name}:{of}") for of, task in tasks.items()]

    @abstractmethod
    def loops(self) -> dict[str, Loop]:
        """Return by name, not yet started, the loops that last as long as the session."""

    def finite(self) -> dict[str, Loop]:
        """Return by name, not yet started, the finite tasks: they may end before the session."""
        return {}

    async def receive(self, timeout: float | None = None) -> None:
        """Read and handle frames until the peer disconnects, times out or sends an invalid frame.

        Its return, its failure and its cancellation all set ``signals.disconnected``. A frame that
        was read is handled, also at a graceful shutdown.

        Args:
            timeout: Seconds without a frame after which the connection is closed with 1011; None
                is no limit.
        """
        try:
            async with IdleLimit(timeout) as limit, self._graceful_stop:
                while True:
                    frame = await self.connection.recv()
                    limit.touch()
                    self._take(frame)
                    del frame  # otherwise it stays in memory until the next frame
        except ConnectionClosed as closed:
            # The library refuses frames that break the protocol, and closes at a missing pong: then
            # our side closed first, which is a warning.
            refused = isinstance(closed, ConnectionClosedError) and not closed.rcvd_then_sent
            level = logging.WARNING if refused and closed.sent else logging.INFO
            self._log.log(level, "%s: connection lost: %s", self.uid, closed)
        except TimeoutError:
            if not self._graceful_stop.requested:
                self._log.warning("%s: no frame for %g s", self.uid, timeout)
                await close_within(self.connection, 1011, "receive timeout")
        except FrameError as error:
            self._log.warning("%s: closed with %d: %s", self.uid, error.code, error)
            await close_within(self.connection, error.code, str(error))
        except NoRoomError as error:
            self._log.error("%s: closed with 1013: %s", self.uid, error)
            await self._turn_away()
        finally:
            self._end_of_input()
            self.signals.disconnect()

    def stop_gracefully(self) -> None:
        """Stop reading, and end the session as after a disconnect: the pod is being stopped.

        What was read is finished, and acknowledged, before the connection is closed.
        """
        self._graceful_stop.request()

    async def hang_up(self) -> None:
        """Close the connection, with 1001 at a graceful shutdown. It takes 3 s at most."""
        await close_within(self.connection, 1001 if self._graceful_stop.requested else 1000)

    async def _begin(self) -> bool:
        """Prepare the session for the features of the user; return whether it may begin."""
        return True

    @abstractmethod
    def _take(self, frame: bytes | str) -> None:
        """Handle one frame.

        Raises:
            FrameError: the frame is invalid.
            NoRoomError: its audio cannot be kept.
        """

    @abstractmethod
    def _end_of_input(self) -> None:
        """Prepare for the end of the session: no more frames will be handled."""

    def _refusal_for(self, error: BackendError) -> tuple[int, str]:
        """Return the close code and reason when the features of the user cannot be read."""
        return 1011, "Dirty state"

    async def _refuse(self, code: int, reason: str, *, cause: BackendError | None = None) -> bool:
        self._log.warning("%s: refused with %d: %s", self.uid, code, cause or reason)
        await close_within(self.connection, code, reason)
        return False

    async def _turn_away(self) -> None:
        """Close the connection with 1013: its audio cannot be kept."""
        await close_within(self.connection, 1013, "try again later")


async def close_within(connection: Connection, code: int = 1000, reason: str = "") -> None:
    """Close a connection with ``code``; abort it if the closing handshake takes more than 3 s.

    `Connection.close` alone has no bound: while the write buffer is full, because the peer does not
    read, it waits for room for its close frame before its own timeout begins.
    """
    try:
        async with asyncio.timeout(WS_CLOSE_TIMEOUT):
            await connection.close(code, reason)
    except TimeoutError:
        connection.transport.abort()
