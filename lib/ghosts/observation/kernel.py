"""What the operating system knows of one connection."""

import socket
import sys
from typing import Final

from websockets.asyncio.connection import Connection

from ghosts.service import established_peers

_ESTABLISHED: Final = 1
"""The first byte of what Linux says of a socket (TCP_INFO) where its connection is established."""


def is_established(connection: Connection) -> bool:
    """Return whether the operating system has an established TCP connection behind this one.

    A peer that has closed, or reset, has none, whether or not the service has read that yet. The
    exception is a service that has stopped reading for so long that its receive window is full:
    that the peer has closed then does not arrive. Costs microseconds on Linux, milliseconds
    elsewhere.
    """
    link = connection.transport.get_extra_info("socket")
    if link is None or link.fileno() == -1:
        return False
    if sys.platform == "linux":
        info: bytes = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return info[0] == _ESTABLISHED
    return link.getpeername()[:2] in established_peers(link.getsockname()[1])
