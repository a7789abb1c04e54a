"""The connections of a service as the operating system has them."""

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, TypeAlias

import psutil

Address: TypeAlias = tuple[str, int]
"""Host and port of one end of a TCP connection."""

_ESTABLISHED: Final = 1
"""The first byte of Linux's TCP_INFO for a socket whose connection is established."""


def established_peers(port: int) -> set[Address]:
    """Return the peers of this process's established TCP connections on ``port``.

    ``ss`` lists the same. A connection that the peer has closed is not among them, also when the
    service has not noticed. A call takes a millisecond per hundred sockets of this process; if the
    system is not Linux, some milliseconds, more on a host with many connections.
    """
    if sys.platform == "linux":
        return set(_peers_of_own_sockets(port))
    return {
        (connection.raddr.ip, connection.raddr.port)
        for connection in psutil.Process().net_connections("tcp4")
        if connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    }


def _peers_of_own_sockets(port: int) -> Iterator[Address]:
    """Yield the same by asking each socket. psutil reads the table of all sockets of the host."""
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # it was closed meanwhile, or is not TCP
            descriptor = int(number)
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            link = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=descriptor)
            try:
                if link.getsockname()[1:] == (port,) and on_linux_established(link):
                    yield link.getpeername()
            finally:
                link.detach()  # it is not ours to close


def on_linux_established(link: socket.socket) -> bool:
    """Return whether Linux has an established TCP connection for a socket; takes microseconds."""
    info: bytes = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] == _ESTABLISHED
