"""Recognise the exceptions that say no more than: the peer has gone."""

# By name, so that neither library has to be installed: websockets raises ConnectionClosed,
# Starlette WebSocketDisconnect.
_CLOSED = frozenset({"ConnectionClosed", "WebSocketDisconnect"})


def is_peer_gone(error: BaseException) -> bool:
    """Whether ``error`` is a ConnectionError or a WebSocket library's report of a closed peer."""
    return isinstance(error, ConnectionError) or any(
        ancestor.__name__ in _CLOSED for ancestor in type(error).__mro__
    )
