"""The WebSocket pings of a server."""

from dataclasses import dataclass
from typing import Final

from ghosts import config


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    """The WebSocket pings of a server, in seconds. None for ``interval`` is no pings.

    A connection whose peer has not answered a ping after ``timeout`` is closed with 1011; None is
    never.
    """

    interval: float | None = config.WS_PING_INTERVAL
    timeout: float | None = config.WS_PING_TIMEOUT


PRODUCTION_KEEPALIVE: Final = Keepalive()
