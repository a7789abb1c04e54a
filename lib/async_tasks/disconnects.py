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
        "HTTPStreamClosedError",  # tornado
        "IncompleteRead",  # anyio
        "IncompleteReadError",  # asyncio
        "SSLEOFError",  # ssl
        "SSLZeroReturnError",  # ssl
        "ServerDisconnectedError",  # aiohttp
        "StreamClosedError",  # tornado
        "WebSocketClosedError",  # tornado
        "WebSocketConnectionClosedException",  # websocket-client
        "WebSocketDisconnect",  # starlette, FastAPI
        "WebSocketDisconnected",  # starlette, FastAPI
    }
)
# These mean a disconnect in one library, or with one text. The text is what the libraries give no
# exception of its own: a frame that is sent after the goodbye, an answer that ends too early.
_OF_LIBRARY: Final = (
    ("httpx", "ReadError|WriteError|CloseError", ""),
    ("httpcore", "ReadError|WriteError", ""),
    (
        "httpx|httpcore|h11",
        "RemoteProtocolError",
        # A peer that ends HTTP/2 with an error code objects to what it was sent: a crash.
        "disconnected|closed connection|event type ConnectionClosed"
        "|ConnectionTerminated error_code:0,",
    ),
    ("wsproto", "LocalProtocolError", r"in state \S*CLOS|already closed"),
    ("websockets", "InvalidState", "connection is clos"),
    ("aiohttp", "ClientPayloadError", "not completed"),
    ("ssl", "SSLError", "application data after close notify|protocol is shutdown"),
    # aiohttp: a text was asked for, and the next message is CLOSE, CLOSING, CLOSED, or an ERROR
    # because no pong came or the connection is lost.
    ("builtins", "TypeError", r"^Received message (8:|256:|257:|258:\w*(Timeout|Connection))"),
    (
        "builtins",
        "RuntimeError",
        # starlette and uvicorn. The second is also the text for a connection that was never
        # accepted, but such a handler never works, and a goodbye is ordinary.
        "once a (close|disconnect) message has been|^WebSocket is not connected"
        "|after sending .*close"
        # aiohttp
        r"|^(WebSocket connection is|Connection) closed\.$"
        # uvloop
        r"|<(TCP|Unix)Transport closed=True.*; the handler is closed",
    ),
)
_ERRNOS: Final = frozenset(
    {
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.EHOSTUNREACH,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENOTCONN,
        errno.EPIPE,
        errno.ESHUTDOWN,
        errno.ETIMEDOUT,
    }
)
"""Of a connection that was lost: Python makes a ConnectionError of some, and of no subclass."""
_NEVER_CONNECTED: Final = frozenset({"ClientConnectorError", "ConnectError"})

_added: set[type[BaseException]] = set()


def add_disconnect(kind: type[BaseException]) -> None:
    """Let :func:`is_disconnect` recognise ``kind`` as well, and its subclasses, from now on."""
    _added.add(kind)


def is_disconnect(error: BaseException) -> bool:
    """Return whether ``error`` reports that the peer closed or lost the connection.

    True for a ``ConnectionError``, for what asyncio, ssl, uvloop, websockets, starlette, uvicorn,
    tornado, aiohttp, anyio, httpx, h11 and wsproto raise on a closed connection, for what was
    passed to :func:`add_disconnect`, and for a group of nothing else, however deep. A group that
    also holds another exception is a crash. Every loop of a session that uses the socket may raise
    one when the client leaves, so it is an ordinary end of the session and not a fault. Never
    raises: an exception that cannot be examined is a crash.
    """
    try:
        # A TaskGroup cancels the siblings of a task that has failed.
        leaves = [leaf for leaf in _leaves(error) if not isinstance(leaf, asyncio.CancelledError)]
        return bool(leaves) and all(map(_is_one, leaves))
    except Exception:
        # The class of `error` may have a `__str__` that raises. This is called in callbacks: the
        # supervision would miss the crash (test_a_crash_that_cannot_be_printed_ends_the_session).
        return False


def _leaves(error: BaseException) -> Iterator[BaseException]:
    rest = [error]
    while rest:
        each = rest.pop()
        if isinstance(each, BaseExceptionGroup):
            rest.extend(each.exceptions)
        else:
            yield each


def _is_one(error: BaseException) -> bool:
    if isinstance(error, tuple(_added)):
        return True
    names = [(ancestor.__module__, ancestor.__name__) for ancestor in type(error).__mro__]
    if any(name in _NEVER_CONNECTED for _, name in names):
        return False
    if isinstance(error, OSError) and (
        isinstance(error, ConnectionError) or error.errno in _ERRNOS
    ):
        return True
    return any(name in _NAMES or _is_of_library(module, name, error) for module, name in names)


def _is_of_library(module: str, name: str, error: BaseException) -> bool:
    library = module.partition(".")[0]
    return any(
        re.fullmatch(libraries, library)
        and re.fullmatch(kinds, name)
        and (not text or re.search(text, str(error)))
        for libraries, kinds, text in _OF_LIBRARY
    )
