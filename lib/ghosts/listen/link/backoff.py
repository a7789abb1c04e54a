"""When to try to connect, and how a link is called that is waiting for it."""

import random
from collections.abc import Iterator
from enum import StrEnum

from ghosts import settings


class LinkState(StrEnum):
    """How a session stands with the pusher."""

    CONNECTING = "connecting"
    """It has not been connected yet, and tries."""
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    """It tries anew, more and more rarely."""
    DEGRADED = "degraded"
    """It tries once a minute; the session goes on without."""
    CLOSED = "closed"


def tries(chance: random.Random, *, lost: bool) -> Iterator[tuple[float, LinkState]]:
    """Yield the seconds to wait before each try, and the state meanwhile; it has no end.

    ``lost`` is whether there was a connection before. Jitter is drawn from ``chance``.
    """
    if not lost:
        yield 0.0, LinkState.CONNECTING
        for number in range(settings.CONNECT_TRIES - 1):
            pause = settings.CONNECT_BACKOFF * 2**number + chance.random()
            yield min(pause, settings.CONNECT_BACKOFF_MAX), LinkState.CONNECTING
    for number in range(settings.RECONNECT_TRIES):
        pause = min(settings.RECONNECT_BACKOFF * 2**number, settings.RECONNECT_BACKOFF_MAX)
        jitter = chance.uniform(1 - settings.RECONNECT_JITTER, 1 + settings.RECONNECT_JITTER)
        yield pause * jitter, LinkState.RECONNECTING
    while True:
        yield settings.DEGRADED_PAUSE, LinkState.DEGRADED
