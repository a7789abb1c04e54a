"""A time limit for one item after the other, on one timer."""

import asyncio
from typing import Any


class ItemLimit:
    """Cancel the worker when its current item takes more than ``seconds``.

    One timer serves all items of a worker: it is re-armed when it fires before the current item is
    due, so an item that ends in time costs no timer.
    """

    __slots__ = ("_deadline", "_loop", "_seconds", "_timer", "_worker", "expired")

    def __init__(self, seconds: float, worker: asyncio.Task[Any]) -> None:
        self._seconds = seconds
        self._worker = worker
        self._loop = worker.get_loop()
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.expired = False

    def start(self) -> None:
        """Start the time of the next item."""
        self.expired = False
        self._deadline = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def stop(self) -> None:
        """End the time of the current item."""
        self._deadline = None

    def close(self) -> None:
        """Disarm the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._on_timer)
            return
        self.expired = True
        self._worker.cancel()
