"""Tell a disconnect from a crash."""

import asyncio
import errno
import re
from collections.abc import Iterator
from typing import Final

# By name, so that no library has to be installed. These names mean nothing else in any of them.
_NAMES: Final = frozenset(
    {
        "BrokenResourceError",  # anyio, trio
        "ClientDisconnect",  # starlette, FastAPI
        "ClientDisconnected",  # uvicorn
        "ClosedResourceError",  # anyio, trio
        "ConnectionClosed",  # websockets, simple_websocket
        "EndOfStream",  # anyio
        "IncompleteRead",  # anyio
        "IncompleteReadError",  # asyncio
        "SSLEOFError",  # ssl
        "SSLZeroReturnError",  # ssl
        "ServerDisconnectedError",  # aiohttp
        "StreamClosedError",  # tornado
        "WebSocketClosedError",  # tornado
        "WebSocketConnectionClosedException",  # websocket-client
        "WebSocketDisconnect",  # starlette, FastAPI
    }
)
# These mean a disconnect in one library, or with one text. The text is what the libraries give no
# exception of its own: a frame that is sent after the goodbye, an answer that ends too early.
_OF_LIBRARY: Final = (
    ("httpx", "ReadError|WriteError|CloseError", ""),
    ("httpcore", "ReadError|WriteError", ""),
    ("httpx|httpcore|h11", "RemoteProtocolError", "disconnected|closed connection"),
    ("wsproto", "LocalProtocolError", r"in state \S*CLOS"),
    ("aiohttp", "ClientPayloadError", "not completed"),
    (
        "builtins",
        "RuntimeError",
        "once a (close|disconnect) message has been|after sending .*close",
    ),
)
_ERRNOS: Final = frozenset(
    {errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETRESET}
)
"""Of a connection that was lost, where Python has no ConnectionError."""
_NEVER_CONNECTED: Final = frozenset({"ClientConnectorError", "ConnectError"})

_added: set[type[BaseException]] = set()


def add_disconnect(kind: type[BaseException]) -> None:
    """Let :func:`is_disconnect` recognise ``kind`` as well, and its subclasses, from now on."""
    _added.add(kind)


def is_disconnect(error: BaseException) -> bool:
    """Return whether ``error`` reports that the peer closed or lost the connection.

    True for a ``ConnectionError``, for what asyncio, websockets, starlette, uvicorn, tornado,
    aiohttp, anyio, httpx, h11 and wsproto raise on a closed connection, for what was passed to
    :func:`add_disconnect`, and for a group of nothing else, however deep. A group that also holds
    another exception is a crash. Every loop of a session that uses the socket may raise one when
    the client leaves, so it is an ordinary end of the session and not a fault.
    """
    # A TaskGroup cancels the siblings of a task that has failed.
    leaves = [leaf for leaf in _leaves(error) if not isinstance(leaf, asyncio.CancelledError)]
    return bool(leaves) and all(map(_is_one, leaves))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _is_one(error: BaseException) -> bool:
    if isinstance(error, (ConnectionError, *_added)):
        return True
    names = [(ancestor.__module__, ancestor.__name__) for ancestor in type(error).__mro__]
    if any(name in _NEVER_CONNECTED for _, name in names):
        return False
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return True
    return any(name in _NAMES or _is_of_library(module, name, error) for module, name in names)


def _is_of_library(module: str, name: str, error: BaseException) -> bool:
    library = module.partition(".")[0]
    return any(
        re.fullmatch(libraries, library)
        and re.fullmatch(kinds, name)
        and re.search(text, str(error))
        for libraries, kinds, text in _OF_LIBRARY
    )
