"""Lifecycles of listen: the same three forms, where up to eleven tasks have to end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from async_tasks import Phase, SessionScope
from ghosts.listen.form import INCIDENT, PUBLISHED_FIX, TO_SHIP, Form
from ghosts.listen.session import PHASES, ListenSession
from ghosts.settings import (
    BG_DRAIN_TIMEOUT,
    CANCEL_ACK_TIMEOUT,
    LISTEN_DRAIN_TIMEOUT,
    WS_RECEIVE_TIMEOUT,
)

ListenLifecycle: TypeAlias = Callable[[ListenSession], Awaitable[None]]


async def gather_all(session: ListenSession) -> None:
    """As the incident ran it: wait for all tasks, then clean up; four ways out leak the gauge."""
    session.gauge.inc()
    if not await session.admit():
        return
    try:
        await asyncio.gather(*session.start())
    finally:
        session.gauge.dec()
        await session.close()


async def supervised(session: ListenSession) -> None:
    """As the fix became: a scope owns the tasks, pairs the gauge, and drains within its bound."""
    await _owned(session, BG_DRAIN_TIMEOUT)


async def shipped(session: ListenSession) -> None:
    """As one would ship it: the same, but what the pusher has not confirmed waits in an outbox.

    The outbox is part of the form of a pod that goes with this very function. A drain has 45 s.
    """
    await _owned(session, LISTEN_DRAIN_TIMEOUT)


async def _owned(session: ListenSession, drain_timeout: float) -> None:
    async with SessionScope(
        session.name,
        label="listen",
        gauge=session.gauge,
        shutdown=session.lifetime.shutdown,
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


LISTEN_LIFECYCLES: Final[Mapping[str, ListenLifecycle]] = {
    lifecycle.__name__: lifecycle for lifecycle in (gather_all, supervised, shipped)
}
"""By name, which is that of the pusher's lifecycle that goes with it."""


_FORMS: Final[Mapping[ListenLifecycle, Form]] = {gather_all: INCIDENT, shipped: TO_SHIP}


def form_of(lifecycle: ListenLifecycle) -> Form:
    """Return the form of a pod whose sessions run under this lifecycle."""
    return _FORMS.get(lifecycle, PUBLISHED_FIX)
