"""Connections that are reset when they are closed."""

import socket
import struct
from typing import Final, Protocol

_AT_ONCE: Final = struct.pack("ii", 1, 0)


class _Socket(Protocol):
    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...


def reset_on_close(link: _Socket) -> None:
    """Have closing it reset the connection, so that the operating system forgets it at once.

    Connections that a listening socket accepts inherit this. Raises OSError if it is closed.
    """
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
