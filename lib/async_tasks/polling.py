"""Sleep until shutdown, and poll on a timer or when there is work."""

import asyncio
import math
import types
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, Self

from async_tasks.timeouts import finite_seconds

_ROUNDING: Final = 1e-6


async def sleep_until_shutdown(event: asyncio.Event, seconds: float) -> bool:
    """Sleep for ``seconds`` or until ``event`` is set; return whether it is set.

    A set event wakes the caller within one turn of the loop. A cancellation is never lost, also
    when the event is set in the same turn. The cost is one future and one timer, no task.

    Args:
        event: The event that announces the shutdown. If it is set already, the call returns True
            at once.
        seconds: How long to sleep, in seconds of the loop's clock. 0 or less gives other tasks one
            turn of the loop.

    Raises:
        ValueError: ``seconds`` is NaN.
    """
    if event.is_set():
        return True
    if not seconds > 0:
        if seconds != seconds:
            raise ValueError("seconds must be a number, not nan")
        await asyncio.sleep(0)
        return event.is_set()
    return await _wait(event, seconds)


@types.coroutine
def _wait(event: asyncio.Event, seconds: float) -> Generator[Any, Any, bool]:
    # Not `wait_for(event.wait(), seconds)`: on Python 3.11 it makes a task per sleep, and when a
    # session is cancelled in the turn in which its shutdown is announced, it returns and the
    # cancellation is gone
    # (test_no_cancellation_is_lost_when_the_event_is_set_in_the_same_moment).
    # One step of `event.wait()` registers a future with the event and hands it out. The same future
    # serves the timer, and is awaited here.
    waiting = event.wait()
    woken: asyncio.Future[bool] = waiting.send(None)
    timer = woken.get_loop().call_later(seconds, _time_is_up, woken)
    try:
        yield woken
    finally:
        timer.cancel()
        waiting.close()  # removes the future from the event
    return woken.result() or event.is_set()


@types.coroutine
def sleep_until_work(
    shutdown: asyncio.Event, work: asyncio.Event, seconds: float | None
) -> Generator[Any, Any, None]:
    """Sleep until there is work, for ``seconds``, or until shutdown.

    Either event wakes the caller within one turn of the loop.

    Args:
        shutdown: The event that announces the shutdown.
        work: The event that is set when there is work. If either is set already, the call returns
            at once.
        seconds: The longest sleep, in seconds of the loop's clock; None is no limit.
    """
    if shutdown.is_set() or work.is_set():
        return
    waiting = shutdown.wait(), work.wait()
    woken, worked = (each.send(None) for each in waiting)
    worked.add_done_callback(lambda _: _time_is_up(woken))
    timer = None if seconds is None else woken.get_loop().call_later(seconds, _time_is_up, woken)
    try:
        yield woken
    finally:
        if timer is not None:
            timer.cancel()
        for each in waiting:
            each.close()


def _time_is_up(woken: asyncio.Future[bool]) -> None:
    if not woken.done():
        woken.set_result(False)


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a loop.

    Attributes:
        last: Whether the shutdown event is set, and no other poll follows.
    """

    last: bool


_POLL: Final = Poll(last=False)
_LAST_POLL: Final = Poll(last=True)


def poll(event: asyncio.Event, seconds: float, *, work: asyncio.Event | None = None) -> "Polls":
    """Iterate over polls: one ``seconds`` after the previous one was handled, the last at shutdown.

    The poll that finds ``event`` set is the last and is marked, so the natural loop flushes on
    exit: ``async for one in poll(event, 1.0): send(everything=one.last)``. There is exactly one
    last poll, also when the event is set before the first poll or while one is handled. It comes
    within one turn of the loop. A cancellation ends the loop without it.

    Args:
        event: The event that announces the shutdown.
        seconds: The pause between polls, in seconds of the loop's clock. 0, allowed with ``work``
            only: poll as soon as there is work.
        work: An event to be set when there is work. Polls that would find none are left out, so an
            idle loop does not wake at all. Each poll clears the event. Without it, every poll is
            made.

    Raises:
        ValueError: ``seconds`` is not finite, or is 0 without ``work``.
    """
    return Polls(event, seconds, work=work)


class Polls:
    """The iterator that :func:`poll` returns."""

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
        """Set when the next poll is due without work. It applies to that poll only.

        Args:
            seconds: From now, in seconds of the loop's clock, rounded up to the pause between
                polls. None, the default: the next poll comes with work or at shutdown only.
        """
        self._due_in = seconds

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Poll:
        if self._ended:
            raise StopAsyncIteration
        if self._work is None:
            self._ended = await sleep_until_shutdown(self._event, self._seconds)
        else:
            self._ended = await self._until_due(self._work)
        return _LAST_POLL if self._ended else _POLL

    async def _until_due(self, work: asyncio.Event) -> bool:
        now = asyncio.get_running_loop().time
        began = now()
        due_in, self._due_in = self._due_in, None
        await sleep_until_work(self._event, work, due_in)
        if self._seconds:
            # Work wakes the loop, but the poll waits for the next multiple of `seconds`: the moment
            # at which a loop that always polls would have found the work. So leaving polls out
            # saves wake-ups and changes no time
            # (test_with_work_the_polls_that_would_find_none_are_left_out).
            polls = max(1, math.ceil((now() - began - _ROUNDING) / self._seconds))
            await sleep_until_shutdown(self._event, began + polls * self._seconds - now())
        # Before the poll is handled, not after: work that comes while it is handled sets the event
        # again and is found by the next poll.
        work.clear()
        return self._event.is_set()
