"""Lifecycles: the lines that start a session's loops, wait for them, and clean up.

"Before" and "after" differ here and nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from async_tasks import drain_tasks, supervise_tasks
from ghosts.pusher.session import Session
from ghosts.settings import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT

Lifecycle: TypeAlias = Callable[[Session], Awaitable[None]]


async def gather_all(session: Session) -> None:
    """As the incident ran it: wait for all five loops, then clean up."""
    try:
        session.gauge.inc()
        await asyncio.gather(*session.start())
    finally:
        for request in session.requests:
            request.cancel()
        await asyncio.gather(*session.requests, return_exceptions=True)
        session.gauge.dec()
        await session.close()


async def supervised(session: Session) -> None:
    """As the fix was published: end at the first sign, drain within bounds, then clean up."""
    tasks: list[asyncio.Task[None]] = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start(receive_timeout=WS_RECEIVE_TIMEOUT)
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
        receive.cancel()
        session.lifetime.shut_down()
        await drain_tasks(loops, timeout=BG_DRAIN_TIMEOUT, cancel=False, label="pusher_bg")
    finally:
        try:
            await drain_tasks(
                [*tasks, *session.requests], timeout=CANCEL_ACK_TIMEOUT, label="pusher_cleanup"
            )
        finally:
            session.gauge.dec()
            await session.close()


LIFECYCLES: Final[Mapping[str, Lifecycle]] = {
    lifecycle.__name__: lifecycle for lifecycle in (gather_all, supervised)
}
