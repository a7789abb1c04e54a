"""The state of one connection, as the operating system reports it."""

import sys

from websockets.asyncio.connection import Connection

from ghosts.ws_server import established_peers, on_linux_established


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
        return on_linux_established(link)
    return link.getpeername()[:2] in established_peers(link.getsockname()[1])
