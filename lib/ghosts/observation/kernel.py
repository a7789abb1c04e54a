"""The state of one connection, as the operating system reports it."""

import socket
import sys
from typing import Final

from websockets.asyncio.connection import Connection

from ghosts.ws_server import established_peers

_ESTABLISHED: Final = 1
"""The first byte of Linux's TCP_INFO for a socket whose connection is established."""


def is_established(connection: Connection) -> bool:
    """Return whether the operating system has an established TCP connection for a WebSocket.

    It has none once the peer has closed or reset it, even if the service has not read that yet.
    There is one exception: if the service has stopped reading and its receive window is full, the
    peer's close does not arrive. Takes microseconds on Linux, milliseconds elsewhere.
    """
    link = connection.transport.get_extra_info("socket")
    if link is None or link.fileno() == -1:
        return False
    if sys.platform == "linux":
        info: bytes = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return info[0] == _ESTABLISHED
    return link.getpeername()[:2] in established_peers(link.getsockname()[1])
