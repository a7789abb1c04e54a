"""The forms of the fix on its way to `supervised`, the oldest first.

Each is what a review found wanting in the one before it, mended, and differs from it in nothing
else. The first five raise the gauge before the `try`, with a way out in between, as the handler of
the sister service did from which this step of the fix was taken over.
"""

import asyncio
from collections.abc import Collection
from typing import Any, Final, TypeAlias

from async_tasks import drain_tasks, supervise_tasks
from ghosts.pusher.session import Session
from ghosts.settings import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT

_Task: TypeAlias = asyncio.Task[Any]
_LOOK_AGAIN: Final = 1.0
"""Seconds after which the early supervisors look for requests that have come since."""


async def receive_then_drain(session: Session) -> None:
    """Wait for the device alone, which may be silent for 300 s; then give the loops 30 s."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await asyncio.wait([receive])
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def samples_at_shutdown(session: Session) -> None:
    """The same, and young speaker samples do not wait for their age any more."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await asyncio.wait([receive])
        session.lifetime.hurry()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def first_completed(session: Session) -> None:
    """The same, and whichever task ends first ends the session: a crash, but a request as well."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await _first_end(session, tasks)
        receive.cancel()
        session.lifetime.hurry()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def finite_tolerated(session: Session) -> None:
    """The same, and a task that ends without an error ends nothing: neither does a dead loop."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        ended: set[_Task] = set()
        while receive not in ended and not any(map(_has_crashed, ended)):
            ended |= await _first_end(session, [task for task in tasks if task not in ended])
        receive.cancel()
        session.lifetime.hurry()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def lifetime_ends(session: Session) -> None:
    """The same, and the end of any task but a request ends the session."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        while not await _first_end(session, tasks) & set(tasks):
            pass
        receive.cancel()
        session.lifetime.hurry()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def gauge_in_try(session: Session) -> None:
    """The same, and the gauge goes up where it is certain to come down."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        if session.closed:
            return
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        while not await _first_end(session, tasks) & set(tasks):
            pass
        receive.cancel()
        session.lifetime.hurry()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def bounded_cancel(session: Session) -> None:
    """The same with `async_tasks`: who ignores a cancellation is waited for 5 s, and no longer."""
    tasks: list[_Task] = []
    label = f"pusher_{session.uid}"
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label=label)
        receive.cancel()
        session.lifetime.hurry()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label=label)
    finally:
        try:
            await drain_tasks([*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label=label)
        finally:
            session.gauge.dec()
            await session.close()


async def static_labels(session: Session) -> None:
    """The same, and no user is a label of a metric any more."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        receive.cancel()
        session.lifetime.hurry()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(
                [*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label="pusher_cleanup"
            )
        finally:
            session.gauge.dec()
            await session.close()


async def supervised_by_hand(session: Session) -> None:
    """As the fix was published: the same, and the shutdown wakes the loops from their sleep."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        receive.cancel()
        session.lifetime.shutdown.set()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(
                [*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label="pusher_cleanup"
            )
        finally:
            session.gauge.dec()
            await session.close()


async def _first_end(session: Session, tasks: Collection[_Task]) -> set[_Task]:
    """Return the first of these tasks and of the session's requests to end."""
    ended: set[_Task] = set()
    while not ended:
        ended, _ = await asyncio.wait(
            [*tasks, *session.requests],
            timeout=_LOOK_AGAIN,
            return_when=asyncio.FIRST_COMPLETED,
        )
    return ended


def _has_crashed(task: _Task) -> bool:
    return not task.cancelled() and task.exception() is not None


async def _cancel(tasks: Collection[_Task]) -> None:
    """Cancel tasks and wait until they have ended, however long that takes them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


STEPS: Final = (
    receive_then_drain,
    samples_at_shutdown,
    first_completed,
    finite_tolerated,
    lifetime_ends,
    gauge_in_try,
    bounded_cancel,
    static_labels,
    supervised_by_hand,
)
"""All of them, in this order."""
