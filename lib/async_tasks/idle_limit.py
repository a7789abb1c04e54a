"""A time limit on silence, for loops that receive."""

import asyncio
from types import TracebackType
from typing import Self

from async_tasks.arguments import finite_seconds
from async_tasks.lazy_timer import LazyTimer


class IdleLimit:
    """Raise TimeoutError in the block once ``seconds`` have passed without a :meth:`touch`.

    ``async with IdleLimit(300) as limit`` around the loop, ``limit.touch()`` for each frame: that
    is a glance at the clock and an assignment, with no task and no timer. None is no limit. The
    limit cancels what the block awaits, as ``asyncio.timeout`` does, and like it lets every other
    cancellation pass. Raises ValueError for ``seconds`` that are not finite.
    """

    __slots__ = ("_deadline", "_now", "_seconds", "_timer")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = None if seconds is None else finite_seconds("seconds", seconds)
        self._deadline = asyncio.timeout(None)
        self._now = asyncio.get_running_loop().time
        self._timer = LazyTimer(self._expire)

    def touch(self) -> None:
        """Say that the peer is alive; the time starts again."""
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
        self._deadline.reschedule(self._now())
