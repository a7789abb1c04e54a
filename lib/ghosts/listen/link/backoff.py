"""The pauses between attempts to connect to the pusher, and the state of a link meanwhile."""

import random
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from ghosts import config
from ghosts.ws_server import doubling


class LinkState(StrEnum):
    """The state of the link of a session to the pusher."""

    CONNECTING = "connecting"
    """Trying; it has never been connected."""
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    """Trying, with growing pauses."""
    DEGRADED = "degraded"
    """Trying once a minute; the session continues without the pusher."""
    CLOSED = "closed"


def tries(chance: random.Random, *, lost: bool) -> Iterator[tuple[float, LinkState]]:
    """Yield the pause in seconds before each attempt, and the state meanwhile, without an end.

    Args:
        chance: The source of the jitter.
        lost: Whether there was a connection before.
    """
    if not lost:
        yield 0.0, LinkState.CONNECTING
        for pause in _CONNECTING:
            jittered = min(pause + chance.random(), config.CONNECT_BACKOFF_MAX)
            yield jittered, LinkState.CONNECTING
    for pause in _RECONNECTING:
        jitter = chance.uniform(1 - config.RECONNECT_JITTER, 1 + config.RECONNECT_JITTER)
        yield pause * jitter, LinkState.RECONNECTING
    while True:
        yield config.DEGRADED_PAUSE, LinkState.DEGRADED


_CONNECTING: Final = doubling(
    config.CONNECT_BACKOFF, config.CONNECT_BACKOFF_MAX, config.CONNECT_TRIES - 1
)
_RECONNECTING: Final = doubling(
    config.RECONNECT_BACKOFF, config.RECONNECT_BACKOFF_MAX, config.RECONNECT_TRIES
)
