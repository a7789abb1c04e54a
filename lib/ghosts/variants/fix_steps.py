"""The steps of the fix up to `supervised`, the oldest first.

Each corrects what a review found in the step before it, and differs from it in nothing else. The
first five raise the gauge before the `try`, with an early return in between: so did the handler of
listen, in which this part of the fix was written first.
"""

import asyncio
from collections.abc import Collection
from typing import Any, Final, TypeAlias

from async_tasks import drain_tasks, supervise_tasks
from ghosts.config import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT
from ghosts.pusher import PusherSession

_Task: TypeAlias = asyncio.Task[Any]
_POLL_REQUESTS: Final = 1.0
"""Seconds after which the early supervisors include requests that have arrived since (ours)."""


async def receive_then_drain(session: PusherSession) -> None:
    """Wait for the receive loop alone, 300 s per frame at most; then give the loops 30 s."""
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


async def samples_at_shutdown(session: PusherSession) -> None:
    """The same, and at shutdown queued speaker samples are sent, whatever their age."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await asyncio.wait([receive])
        session.signals.request_flush()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def first_completed(session: PusherSession) -> None:
    """The same, and the first task to end ends the session, also when it is a request."""
    session.gauge.inc()
    if session.closed:
        return
    tasks: list[_Task] = []
    try:
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await _first_end(session, tasks)
        receive.cancel()
        session.signals.request_flush()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def finite_tolerated(session: PusherSession) -> None:
    """The same, and a task that returns does not end the session, also when it is a loop."""
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
        session.signals.request_flush()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def lifetime_ends(session: PusherSession) -> None:
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
        session.signals.request_flush()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def gauge_in_try(session: PusherSession) -> None:
    """The same, and the gauge is raised inside the `try` whose `finally` lowers it."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        if session.closed:
            return
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        while not await _first_end(session, tasks) & set(tasks):
            pass
        receive.cancel()
        session.signals.request_flush()
        await asyncio.wait(loops, timeout=BG_DRAIN_TIMEOUT)
    finally:
        await _cancel([*tasks, *session.requests])
        session.gauge.dec()
        await session.close()


async def bounded_cancel(session: PusherSession) -> None:
    """The same with `async_tasks`: a task that ignores its cancellation has 5 s to end."""
    tasks: list[_Task] = []
    label = f"pusher_{session.uid}"
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label=label)
        receive.cancel()
        session.signals.request_flush()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label=label)
    finally:
        try:
            await drain_tasks([*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label=label)
        finally:
            session.gauge.dec()
            await session.close()


async def static_labels(session: PusherSession) -> None:
    """The same, and metric labels are static: no user id is a label."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        receive.cancel()
        session.signals.request_flush()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(
                [*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label="pusher_cleanup"
            )
        finally:
            session.gauge.dec()
            await session.close()


async def supervised_by_hand(session: PusherSession) -> None:
    """As the fix was published: the same, and shutdown wakes the loops that sleep."""
    tasks: list[_Task] = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        receive.cancel()
        session.signals.shutdown.set()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(
                [*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label="pusher_cleanup"
            )
        finally:
            session.gauge.dec()
            await session.close()


async def _first_end(session: PusherSession, tasks: Collection[_Task]) -> set[_Task]:
    """Return which of ``tasks`` and of the session's requests ended first.

    Several are returned if they ended in the same turn of the loop.
    """
    ended: set[_Task] = set()
    while not ended:
        ended, _ = await asyncio.wait(
            [*tasks, *session.requests],
            timeout=_POLL_REQUESTS,
            return_when=asyncio.FIRST_COMPLETED,
        )
    return ended


def _has_crashed(task: _Task) -> bool:
    return not task.cancelled() and task.exception() is not None


async def _cancel(tasks: Collection[_Task]) -> None:
    """Cancel tasks and wait until all have ended, without a bound."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
