"""A time limit for one item after the other."""

import asyncio
from typing import Any

from async_tasks.lazy_timer import LazyTimer


class ItemLimit:
    """Cancels the worker when its current item takes more than ``seconds``; one timer for all."""

    __slots__ = ("_now", "_seconds", "_timer", "_worker", "expired")

    def __init__(self, seconds: float, worker: asyncio.Task[Any]) -> None:
        self.expired = False
        self._seconds = seconds
        self._worker = worker
        self._now = worker.get_loop().time
        self._timer = LazyTimer(self._expire)

    def start(self) -> None:
        """Start the time of the next item."""
        self.expired = False
        self._timer.start(self._now() + self._seconds)

    def stop(self) -> None:
        """End the time of the current item."""
        self._timer.deadline = None

    def close(self) -> None:
        """Disarm the timer."""
        self._timer.close()

    def _expire(self) -> None:
        self.expired = True
        self._worker.cancel()
