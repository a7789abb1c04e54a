"""Tell a disconnect from a crash."""

from typing import Final

# By name, so that neither library has to be installed: websockets raises ConnectionClosed,
# Starlette WebSocketDisconnect.
_CLOSED: Final = frozenset({"ConnectionClosed", "WebSocketDisconnect"})


def is_disconnect(error: BaseException) -> bool:
    """Return whether ``error`` reports that the peer closed or lost the connection.

    True for a ``ConnectionError`` and for a WebSocket library's exception for a closed connection.
    Every loop of a session that writes to the socket may raise one when the client leaves, so it is
    an ordinary end of the session and not a fault.
    """
    return isinstance(error, ConnectionError) or any(
        ancestor.__name__ in _CLOSED for ancestor in type(error).__mro__
    )
