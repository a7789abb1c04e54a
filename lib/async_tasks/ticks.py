"""The loop of a poller, in which the final flush is not forgotten."""

import asyncio
from dataclasses import dataclass

from async_tasks.sleep import sleep_until_shutdown


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
    the last, also when the event was set before the first or during a round. A cancellation ends
    the loop without it.
    """

    __slots__ = ("_ended", "_event", "_seconds")

    def __init__(self, event: asyncio.Event, seconds: float) -> None:
        self._event = event
        self._seconds = seconds
        self._ended = False

    def __aiter__(self) -> "ticks":
        return self

    async def __anext__(self) -> Tick:
        if self._ended:
            raise StopAsyncIteration
        self._ended = await sleep_until_shutdown(self._event, self._seconds)
        return _LAST_TICK if self._ended else _TICK
