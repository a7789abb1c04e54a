"""A port that refuses connections, and connections that are reset when they are closed."""

import socket
import struct
from typing import Final, Protocol

from aiohttp import web

_AT_ONCE: Final = struct.pack("ii", 1, 0)


def hold_port(host: str, port: int) -> socket.socket:
    """Bind a port without listening: connections are refused, and no other process gets the port.

    A server may listen on it again before the returned socket is closed.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((host, port))
    except OSError:
        holder.close()
        raise
    return holder


class _Socket(Protocol):
    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...


def reset_on_close(link: _Socket) -> None:
    """Make closing a socket reset its connection, so that the operating system forgets it at once.

    Connections that a listening socket accepts inherit this.

    Raises:
        OSError: the socket is closed.
    """
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def reset_request(request: web.BaseRequest) -> web.Response:
    """Reset the connection of a request. The returned response is not sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
