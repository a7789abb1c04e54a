"""A timer whose deadline can be moved for the price of an assignment."""

import asyncio
from collections.abc import Callable


class LazyTimer:
    """Calls ``on_time`` once the loop's clock has reached ``deadline``.

    The deadline may be moved later, or be None, at any time: the loop's timer stays as it is, and
    when it fires too early it is armed anew. So work that ends in time, over and over, costs none.
    """

    __slots__ = ("_handle", "_loop", "_on_time", "deadline")

    def __init__(self, on_time: Callable[[], object]) -> None:
        self.deadline: float | None = None
        self._loop = asyncio.get_running_loop()
        self._on_time = on_time
        self._handle: asyncio.TimerHandle | None = None

    def start(self, deadline: float) -> None:
        """Set the deadline, and arm the loop's timer unless it is armed."""
        self.deadline = deadline
        if self._handle is None:
            self._handle = self._loop.call_at(deadline, self._fired)

    def close(self) -> None:
        """Disarm it."""
        if self._handle is not None:
            self._handle.cancel()

    def _fired(self) -> None:
        self._handle = None
        if self.deadline is None:
            return
        if self._loop.time() < self.deadline:
            self._handle = self._loop.call_at(self.deadline, self._fired)
        else:
            self._on_time()
