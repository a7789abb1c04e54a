"""Sleep that a shutdown ends."""

import asyncio
import types
from collections.abc import Generator
from typing import Any


async def sleep_until_shutdown(event: asyncio.Event, seconds: float) -> bool:
    """Sleep ``seconds``, or until ``event`` is set; return whether it is.

    When the event is set already it returns True at once; with 0 seconds or less it gives the other
    tasks one turn. A cancellation is never lost, also when the event is set in the same moment.
    Cheap enough for every poller of a process: one future, one timer, no task.
    Raises ValueError when ``seconds`` is NaN.
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
    waiting = event.wait()
    woken: asyncio.Future[bool] = waiting.send(None)  # what the event resolves when it is set
    timer = woken.get_loop().call_later(seconds, _time_is_up, woken)
    try:
        yield woken
    finally:
        timer.cancel()
        waiting.close()  # the event forgets the future
    return woken.result() or event.is_set()


@types.coroutine
def sleep_until_work(
    shutdown: asyncio.Event, work: asyncio.Event, seconds: float | None
) -> Generator[Any, Any, None]:
    """Sleep until there is ``work``, or for ``seconds`` (None is no limit), or until shutdown.

    Returns at once when either event is set already. Shutdown wakes it within one turn of the loop.
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
