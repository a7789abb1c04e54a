"""What the operating system knows of a service's connections."""

from typing import TypeAlias

import psutil

Address: TypeAlias = tuple[str, int]
"""Host and port of one end of a connection."""


def established_peers(port: int) -> set[Address]:
    """Return the peers whose connections to this port of this process are established.

    It is what ``ss`` would list: a connection that a peer has closed is not in it, whatever the
    service makes of that. Empty for a port on which nothing listens. Costs some milliseconds.
    """
    return {
        (connection.raddr.ip, connection.raddr.port)
        for connection in psutil.Process().net_connections("tcp4")
        if connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    }
