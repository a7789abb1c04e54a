"""Lifecycles of the pusher: the lines that start a session's loops, await them, and clean up.

Before and after the fix the code differs here only; what else a variant sets is in
:mod:`ghosts.variants.registry`. A lifecycle is given a session that was admitted.
"""

import asyncio

from async_tasks import Phase, SessionScope
from ghosts.config import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT
from ghosts.pusher import PusherSession


async def gather_all(session: PusherSession) -> None:
    """As the incident ran it: wait for all five loops, then clean up."""
    # Until the last loop has returned, `gather` does not: a loop that awaits a call without an
    # answer keeps the gauge up and the session in memory.
    try:
        session.gauge.inc()
        await asyncio.gather(*session.start())
    finally:
        for request in session.requests:
            request.cancel()
        await asyncio.gather(*session.requests, return_exceptions=True)
        session.gauge.dec()
        await session.close()


async def supervised(session: PusherSession) -> None:
    """As the fix became: a scope owns the tasks, pairs the gauge, and bounds the drain."""
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.signals.shutdown,
        timeout=BG_DRAIN_TIMEOUT,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        # Cancelled once the loops have drained: requests answer a device, which has disconnected.
        scope.adopt(session.requests, phase=Phase.TRANSPORTS)
        scope.close_last(session.close)
        await scope.supervise()


async def shipped(session: PusherSession) -> None:
    """As one would ship it: calls have deadlines, audio a spool, and requests time to finish.

    The first two are settings of the variant, not of this function. Requests in flight have as
    long as the drain, 30 s: a conversation is processed also when its device has disconnected.
    """
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.signals.shutdown,
        timeout=BG_DRAIN_TIMEOUT,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        scope.adopt(session.requests, phase=Phase.CONSUMERS)
        scope.close_last(session.close)
        await scope.supervise()
