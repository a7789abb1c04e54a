"""A port that nobody answers on, and that nobody else is given meanwhile."""

import socket


def hold_port(host: str, port: int) -> socket.socket:
    """Bind a port without listening: connections are refused, and it is not given to others.

    A server may listen on it again before the socket that is returned is closed.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((host, port))
    except OSError:
        holder.close()
        raise
    return holder
