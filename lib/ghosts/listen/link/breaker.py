"""The circuit breaker: after many failures, a pod stops connecting to the pusher for a while."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ghosts import config
from ghosts.errors import GhostsError

T = TypeVar("T")


class BreakerOpenError(GhostsError, ConnectionError):
    """The breaker is open: no attempt was made."""


class Breaker:
    """The circuit breaker that all sessions of a pod share. It starts closed: attempts are made.

    20 failures within 30 s open it. While open it refuses attempts, for 60 s. Then one attempt is
    made, the probe, and others are still refused. If the probe succeeds the breaker closes; if it
    fails the breaker stays open for 60 s more.
    """

    def __init__(self) -> None:
        self._failures: deque[float] = deque(maxlen=config.BREAKER_FAILURES)
        self._opened_at: float | None = None
        self.probing = False

    def __repr__(self) -> str:
        state = "closed" if self.closed else "probing" if self.probing else "open"
        return f"<{type(self).__name__} {state}>"

    @property
    def closed(self) -> bool:
        """Whether attempts are made."""
        return self._opened_at is None

    async def attempt(self, connect: Callable[[], Awaitable[T]]) -> T:
        """Connect, and count the outcome; return the connection.

        A cancelled attempt counts neither as a success nor as a failure. It takes as long as
        ``connect``.

        Raises:
            BreakerOpenError: the breaker is open, or another probe is in progress.
            Exception: what ``connect`` raises.
        """
        self._admit()
        try:
            connection = await connect()
        except Exception:
            self._failed()
            raise
        finally:
            self.probing = False  # also when it is cancelled: else no later probe would be made
        self._succeeded()
        return connection

    def _admit(self) -> None:
        if self._opened_at is None:
            return
        if self.probing or _now() < self._opened_at + config.BREAKER_OPEN:
            raise BreakerOpenError("the breaker is open")
        self.probing = True

    def _succeeded(self) -> None:
        self._failures.clear()
        self._opened_at = None

    def _failed(self) -> None:
        self._failures.append(_now())
        many = len(self._failures) == config.BREAKER_FAILURES
        if self.probing or (many and _now() - self._failures[0] <= config.BREAKER_WINDOW):
            self._opened_at = _now()


class PublishedBreaker(Breaker):
    """As published: a cancelled probe is never cleared, so the breaker stays open indefinitely."""

    async def attempt(self, connect: Callable[[], Awaitable[T]]) -> T:
        """Connect as :meth:`Breaker.attempt` does, except when it is cancelled."""
        self._admit()
        try:
            connection = await connect()
        except Exception:
            self._failed()
            self.probing = False
            raise
        self._succeeded()
        self.probing = False
        return connection


def _now() -> float:
    return asyncio.get_running_loop().time()
