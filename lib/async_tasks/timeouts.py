"""Time limits that cost no task and no timer per use.

A session receives some 10 frames per second, and each frame moves its idle limit. With
``asyncio.timeout(...).reschedule(...)`` every move cancels a timer of the loop and arms another.
Here a move is an assignment.
"""

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


def finite_seconds(name: str, value: float) -> float:
    """Return ``value`` in seconds, at least 0.

    A negative value is the rest of a deadline that has passed, hence 0.

    Args:
        name: The parameter to name in the error.
        value: Its value in seconds.

    Raises:
        ValueError: ``value`` is None, NaN, infinite or not a number, and would wait indefinitely.
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number of seconds, not {value!r}")
    return max(0.0, value)


class LazyTimer:
    """Call a function once the loop's clock has reached :attr:`deadline`.

    The deadline may be moved later, or set to None, at any time and at the cost of an assignment.

    Attributes:
        deadline: Seconds of the loop's clock, or None: the timer is off.
    """

    # The timer of the loop stays armed for the deadline that was known when it was armed. When it
    # fires early it is armed again for the deadline as it is then. So a limit of 300 s that is
    # moved by every frame arms a timer every 300 s at most, and a limit that never expires none
    # per frame (test_a_thousand_frames_cost_no_task_and_no_timer). Moving the deadline earlier than
    # the armed timer would be noticed late; no caller does.

    __slots__ = ("_handle", "_loop", "_on_time", "deadline")

    def __init__(self, on_time: Callable[[], object]) -> None:
        self.deadline: float | None = None
        self._loop = asyncio.get_running_loop()
        self._on_time = on_time
        self._handle: asyncio.TimerHandle | None = None

    def start(self, deadline: float) -> None:
        """Set the deadline, in seconds of the loop's clock; arm a timer unless one is armed."""
        self.deadline = deadline
        if self._handle is None:
            self._handle = self._loop.call_at(deadline, self._fired)

    def close(self) -> None:
        """Disarm the timer; it cannot be started again."""
        if self._handle is not None:
            self._handle.cancel()
        # A method of the limit that has this timer: the two, and the task that the limit cancels,
        # would be left to the garbage collector
        # (test_a_limit_that_has_ended_is_freed_without_the_collector).
        self._on_time = _do_nothing

    def _fired(self) -> None:
        self._handle = None
        if self.deadline is None:
            return
        if self._loop.time() < self.deadline:
            self._handle = self._loop.call_at(self.deadline, self._fired)
        else:
            self._on_time()


def _do_nothing() -> None:
    pass


class IdleLimit:
    """Raise TimeoutError in the block once ``seconds`` have passed without a :meth:`touch`.

    ``async with IdleLimit(300) as limit`` around the loop, ``limit.touch()`` for each frame: a
    touch reads the clock and assigns, with no task and no timer. The limit cancels what the block
    awaits, as ``asyncio.timeout`` does. Any other cancellation passes.

    Args:
        seconds: The limit in seconds of the loop's clock; None is no limit.

    Raises:
        ValueError: ``seconds`` is not finite.
        TimeoutError: The limit has passed; raised by the block.
    """

    __slots__ = ("_deadline", "_now", "_seconds", "_timer")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = None if seconds is None else finite_seconds("seconds", seconds)
        self._deadline = asyncio.timeout(None)
        self._now = asyncio.get_running_loop().time
        self._timer = LazyTimer(self._expire)

    def touch(self) -> None:
        """Restart the limit: the peer is active now."""
        if self._seconds is not None:
            self._timer.deadline = self._now() + self._seconds

    async def __aenter__(self) -> Self:
        await self._deadline.__aenter__()
        if self._seconds is not None:
            self._timer.start(self._now() + self._seconds)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.close()
        await self._deadline.__aexit__(kind, error, traceback)

    def _expire(self) -> None:
        # `asyncio.timeout` is left to do the cancelling: it tells its own cancellation from one
        # that comes from outside in the same turn.
        self._deadline.reschedule(self._now())


class ItemLimit:
    """Cancel a worker when its current item takes more than ``seconds``; one timer for all items.

    Args:
        seconds: The limit of each item, in seconds of the loop's clock.
        worker: The task that runs one item after the other.

    Attributes:
        expired: Whether the limit has cancelled the current item.
    """

    # `asyncio.timeout` per item would arm and cancel a timer for each of 100,000 items, although
    # nearly all of them end in time.

    __slots__ = ("_now", "_seconds", "_timer", "_worker", "expired")

    def __init__(self, seconds: float, worker: asyncio.Task[Any]) -> None:
        self.expired = False
        self._seconds = seconds
        self._worker = worker
        self._now = worker.get_loop().time
        self._timer = LazyTimer(self._expire)

    def start(self) -> None:
        """Start the limit of the next item."""
        self.expired = False
        self._timer.start(self._now() + self._seconds)

    def stop(self) -> None:
        """Stop the limit of the current item."""
        self._timer.deadline = None

    def close(self) -> None:
        """Disarm the timer."""
        self._timer.close()

    def _expire(self) -> None:
        self.expired = True
        self._worker.cancel()
