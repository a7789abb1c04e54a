"""Lifecycles: the lines that start a session's loops, wait for them, and clean up.

"Before" and "after" differ here and nowhere else.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import BuiltinFunctionType
from typing import Any, Final, TypeAlias, TypeGuard

from async_tasks import Phase, SessionScope
from ghosts.backends.client_settings import PUBLISHED, SHIPPED, ClientSettings
from ghosts.pusher.history import STEPS
from ghosts.pusher.session import Session
from ghosts.settings import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT

Lifecycle: TypeAlias = Callable[[Session], Awaitable[None]]
_NOT_OF_A_NAME: Final = re.compile(r"[^\w<>.]")
_NAME_LENGTH: Final = 100


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
    """As the fix became: a scope owns the tasks, pairs the gauge, and drains within its bound."""
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.lifetime.shutdown,
        timeout=BG_DRAIN_TIMEOUT,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        scope.adopt(session.requests, phase=Phase.TRANSPORTS)  # they answer the device
        scope.close_last(session.close)
        await scope.supervise()


async def shipped(session: Session) -> None:
    """As one would ship it: calls have deadlines, audio is in a spool, requests time to finish.

    The first two are settings of the pod's clients, which go with this very function; a copy of it
    needs ``settings=SHIPPED``. Requests in flight have as long as the drain, 30 s.
    """
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.lifetime.shutdown,
        timeout=BG_DRAIN_TIMEOUT,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        scope.adopt(session.requests, phase=Phase.CONSUMERS)
        scope.close_last(session.close)
        await scope.supervise()


LIFECYCLES: Final[Mapping[str, Lifecycle]] = {
    lifecycle.__name__: lifecycle for lifecycle in (gather_all, *STEPS, supervised, shipped)
}
"""By name: the incident, the steps of its fix in the order in which they came, and what to ship."""
COMPARED: Final = (gather_all.__name__, supervised.__name__, shipped.__name__)
"""The incident, its published fix, and the version to ship."""


def is_lifecycle(item: object) -> TypeGuard[Lifecycle]:
    """Tell whether an object may be a lifecycle: it is called with a session, and awaited.

    Also a partial, a method, or an object with a ``__call__``. What it returns is seen when it is
    called; what is built into Python returns nothing that could be awaited.
    """
    return callable(item) and not isinstance(item, BuiltinFunctionType)


def lifecycle_name(lifecycle: Lifecycle) -> str:
    """Return a name to record: that of the function, or of the class of another callable."""
    named: Any = lifecycle
    while isinstance(named, partial):
        named = named.func
    name = getattr(named, "__name__", type(named).__name__)
    return _NOT_OF_A_NAME.sub("_", str(name))[:_NAME_LENGTH]


def client_settings_of(lifecycle: Lifecycle) -> ClientSettings:
    """Return what the clients of a pod are set to whose sessions run under this lifecycle."""
    return SHIPPED if lifecycle is shipped else PUBLISHED
