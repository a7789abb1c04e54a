"""The forms of the fix on its way to `supervised`."""

from typing import TYPE_CHECKING

from async_tasks import drain_tasks, supervise_tasks
from ghosts.pusher.session import Session
from ghosts.settings import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT

if TYPE_CHECKING:
    import asyncio


async def supervised_by_hand(session: Session) -> None:
    """As the fix was published: end at the first sign, drain within bounds, then clean up."""
    tasks: list[asyncio.Task[None]] = []
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
