"""The connections of a service as the operating system has them."""

from typing import TypeAlias

import psutil

Address: TypeAlias = tuple[str, int]
"""Host and port of one end of a TCP connection."""


def established_peers(port: int) -> set[Address]:
    """Return the peers of this process's established TCP connections on ``port``.

    ``ss`` lists the same. A connection that the peer has closed is not among them, also when the
    service has not noticed. A call takes milliseconds, more on a host with many connections.
    """
    return {
        (connection.raddr.ip, connection.raddr.port)
        for connection in psutil.Process().net_connections("tcp4")
        if connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    }
