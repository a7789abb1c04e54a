"""The loop of a poller, in which the final flush is not forgotten."""

import asyncio
import math
from dataclasses import dataclass

from async_tasks.arguments import finite_seconds
from async_tasks.sleep import sleep_until_shutdown, sleep_until_work

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Tick:
    """One round of a poller; ``last`` when the event is set and no other will follow."""

    last: bool


_TICK = Tick(last=False)
_LAST_TICK = Tick(last=True)


class ticks:  # noqa: N801 - reads as a function: `async for tick in ticks(event, 1.0)`
    """Iterate once every ``seconds`` after the previous round, and a last time at shutdown.

    The round that finds ``event`` set is the last and is marked, so the natural loop flushes on
    exit: ``async for tick in ticks(event, 1.0): send(everything=tick.last)``. Exactly one round is
    the last, also when the event was set before the first or during a round. It comes within one
    turn of the loop, however long the poller would have slept. A cancellation ends the loop
    without it.

    With ``work``, an event that whoever leaves work sets, ticks that would find none are left out:
    an idle poller does not wake at all. The event is cleared at each tick. With 0 seconds the tick
    comes as soon as there is work. Raises ValueError for ``seconds`` that are not finite, or 0
    without ``work``.
    """

    __slots__ = ("_due_in", "_ended", "_event", "_seconds", "_work")

    def __init__(
        self, event: asyncio.Event, seconds: float, *, work: asyncio.Event | None = None
    ) -> None:
        self._event = event
        self._seconds = finite_seconds("seconds", seconds)
        self._work = work
        self._due_in: float | None = None
        self._ended = False
        if work is None and not self._seconds:
            raise ValueError(f"seconds must be more than 0 without work, not {seconds!r}")

    def due_in(self, seconds: float | None) -> None:
        """Have the next tick by then, work or not; None is no such time. It holds for one tick."""
        self._due_in = seconds

    def __aiter__(self) -> "ticks":
        return self

    async def __anext__(self) -> Tick:
        if self._ended:
            raise StopAsyncIteration
        if self._work is None:
            self._ended = await sleep_until_shutdown(self._event, self._seconds)
        else:
            self._ended = await self._until_worth_it(self._work)
        return _LAST_TICK if self._ended else _TICK

    async def _until_worth_it(self, work: asyncio.Event) -> bool:
        now = asyncio.get_running_loop().time
        began = now()
        due_in, self._due_in = self._due_in, None
        await sleep_until_work(self._event, work, due_in)
        if self._seconds:
            looks = max(1, math.ceil((now() - began - _ROUNDING) / self._seconds))
            await sleep_until_shutdown(self._event, began + looks * self._seconds - now())
        work.clear()
        return self._event.is_set()
