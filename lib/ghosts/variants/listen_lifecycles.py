"""Lifecycles of listen: the incident, the fix and the version to ship, for up to eleven tasks.

A lifecycle is given a session that was not admitted yet: whether it is depends on what the device
sent and on a backend, and the incident raised the gauge before it asked.
"""

import asyncio

from async_tasks import Phase, SessionScope
from ghosts.config import (
    BG_DRAIN_TIMEOUT,
    CANCEL_ACK_TIMEOUT,
    LISTEN_DRAIN_TIMEOUT,
    WS_RECEIVE_TIMEOUT,
)
from ghosts.listen import ListenSession
from ghosts.listen.session import PHASES


async def gather_all(session: ListenSession) -> None:
    """As the incident ran it: wait for all tasks, then clean up.

    Each of the four reasons not to admit a session leaves the gauge too high by one.
    """
    session.gauge.inc()
    if not await session.admit():
        return
    try:
        await asyncio.gather(*session.start())
    finally:
        session.gauge.dec()
        await session.close()


async def supervised(session: ListenSession) -> None:
    """As the fix became: a scope owns the tasks, pairs the gauge, and bounds the drain."""
    await _owned(session, BG_DRAIN_TIMEOUT)


async def shipped(session: ListenSession) -> None:
    """As one would ship it: the same, with 45 s for the drain.

    That is time to deliver what is in the acknowledged queue, which the variant sets.
    """
    await _owned(session, LISTEN_DRAIN_TIMEOUT)


async def _owned(session: ListenSession, drain_timeout: float) -> None:
    async with SessionScope(
        session.name,
        label="listen",
        gauge=session.gauge,
        shutdown=session.signals.shutdown,
        timeout=drain_timeout,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        if not await session.admit():
            return
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name, phase=PHASES.get(name, Phase.CONSUMERS))
        for name, task in session.finite().items():
            scope.finite(task, name=name)
        scope.close_last(session.hang_up)
        scope.close_last(session.close_link)
        await scope.supervise()
