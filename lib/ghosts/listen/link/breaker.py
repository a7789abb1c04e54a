"""The breaker: after many failures, a pod stops trying to reach the pusher for a while."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ghosts import settings

T = TypeVar("T")


class BreakerOpenError(ConnectionError):
    """The breaker let nobody through."""


class Breaker:
    """Shared by the sessions of a pod. Closed, it lets every attempt through.

    20 failures within 30 s open it. Open, it lets nobody through for 60 s; then one attempt, the
    probe, while the others are still refused. The probe's success closes it, its failure opens it
    for 60 s more.
    """

    def __init__(self) -> None:
        self._failures: deque[float] = deque(maxlen=settings.BREAKER_FAILURES)
        self._opened_at: float | None = None
        self.probing = False

    def __repr__(self) -> str:
        state = "closed" if self.closed else "probing" if self.probing else "open"
        return f"<{type(self).__name__} {state}>"

    @property
    def closed(self) -> bool:
        """Whether it lets everybody through."""
        return self._opened_at is None

    async def attempt(self, connect: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt and learn from its outcome; a cancellation says nothing of the pusher.

        Raises BreakerOpenError where it may not be made, and whatever it raises.
        """
        self._admit()
        try:
            connection = await connect()
        except Exception:
            self._failed()
            raise
        finally:
            self.probing = False
        self._succeeded()
        return connection

    def _admit(self) -> None:
        if self._opened_at is None:
            return
        if self.probing or _now() < self._opened_at + settings.BREAKER_OPEN:
            raise BreakerOpenError("the breaker is open")
        self.probing = True

    def _succeeded(self) -> None:
        self._failures.clear()
        self._opened_at = None

    def _failed(self) -> None:
        self._failures.append(_now())
        many = len(self._failures) == settings.BREAKER_FAILURES
        if self.probing or (many and _now() - self._failures[0] <= settings.BREAKER_WINDOW):
            self._opened_at = _now()


class PublishedBreaker(Breaker):
    """As published: a probe that is cancelled has never ended, and no other is let through."""

    async def attempt(self, connect: Callable[[], Awaitable[T]]) -> T:
        """The same, but for a cancellation."""
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
