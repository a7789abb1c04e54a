"""Which exceptions are disconnects: of the libraries that people use, and in groups."""

import asyncio
import errno
import logging
import ssl
from collections.abc import Callable
from functools import reduce

import aiohttp
import anyio
import h11
import httpx
import pytest
import tornado.iostream
import tornado.websocket
from provocations import PROVOCATIONS
from websockets.exceptions import ConnectionClosedOK, InvalidState
from workload import fail, forever, named
from wsproto.utilities import LocalProtocolError

from async_tasks import add_disconnect, create_named_task, supervise_tasks
from async_tasks.disconnects import is_disconnect

BUG = ValueError("a bug")
GONE = ConnectionResetError("the peer has gone")


class UnprintableError(RuntimeError):
    """As after an ``__init__`` that failed, or a pickle that was read without it."""

    def __str__(self) -> str:
        return self.message

    __repr__ = __str__


class UnprintableResetError(UnprintableError, ConnectionResetError):
    """Known by its class: the text is not needed."""


def nested(error: Exception, depth: int) -> ExceptionGroup:
    return reduce(lambda inner, _: ExceptionGroup("", [inner]), range(depth), error)


def raised_by(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("provoke", PROVOCATIONS.values(), ids=PROVOCATIONS)
def test_what_a_library_raises_when_the_peer_has_gone_is_a_disconnect(provoke):
    assert is_disconnect(raised_by(provoke))


@pytest.mark.parametrize(
    "error",
    [
        GONE,
        BrokenPipeError(),
        OSError(errno.ENOTCONN, "not connected"),
        TimeoutError(errno.ETIMEDOUT, "timed out"),
        ssl.SSLEOFError(),
        ConnectionClosedOK(None, None),
        tornado.websocket.WebSocketClosedError(),
        tornado.iostream.StreamClosedError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientConnectionResetError(),
        anyio.EndOfStream(),
        anyio.ClosedResourceError(),
        httpx.ReadError(""),
        httpx.WriteError(""),
        httpx.RemoteProtocolError("<ConnectionTerminated error_code:0, last_stream_id:1999>"),
        aiohttp.WSMessageTypeError(
            "Received message 258:ServerTimeoutError('No PONG received after 5.0 seconds')"
            " is not WSMsgType.TEXT"
        ),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_exceptions_of_libraries_for_a_lost_connection_are_disconnects(error):
    assert is_disconnect(error)


@pytest.mark.parametrize(
    "number",
    [
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.EHOSTUNREACH,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.EPIPE,
        errno.ESHUTDOWN,
    ],
    ids=errno.errorcode.get,
)
def test_the_number_of_a_lost_connection_is_enough_in_a_class_of_a_library(number):
    assert is_disconnect(aiohttp.ClientOSError(number, ""))


@pytest.mark.parametrize(
    ("module", "name", "base"),
    [
        ("starlette.websockets", "WebSocketDisconnect", Exception),
        ("starlette.websockets", "WebSocketDisconnected", RuntimeError),
        ("starlette.requests", "ClientDisconnect", Exception),
        ("uvicorn.protocols.utils", "ClientDisconnected", OSError),
        ("simple_websocket.errors", "ConnectionClosed", Exception),
    ],
)
def test_a_library_that_is_not_installed_is_known_by_the_names_of_its_exceptions(
    module, name, base
):
    kind = type(name, (base,), {"__module__": module})
    assert is_disconnect(kind())
    assert is_disconnect(type("Ours", (kind,), {})())


@pytest.mark.parametrize(
    "text",
    [
        'Cannot call "send" once a close message has been sent.',
        'Cannot call "receive" once a disconnect message has been received.',
        'WebSocket is not connected. Need to call "accept" first.',
        "Unexpected ASGI message 'websocket.close', after sending 'websocket.close' or response "
        "already completed.",
    ],
)
def test_the_use_of_a_closed_connection_through_starlette_or_uvicorn_is_a_disconnect(text):
    assert is_disconnect(RuntimeError(text))


@pytest.mark.parametrize(
    "error",
    [
        BUG,
        RuntimeError("cannot send"),
        RuntimeError("the handler is closed"),
        RuntimeError("Event loop is closed"),
        UnprintableError(),
        OSError(errno.ENOSPC, "disk full"),
        OSError(errno.EBADF, "bad file descriptor"),
        OSError({}, "a number that is none"),
        TimeoutError(),
        httpx.ConnectError(""),
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("<ConnectionTerminated error_code:1, last_stream_id:0>"),
        httpx.RemoteProtocolError("illegal status line"),
        h11.LocalProtocolError("too much data"),
        InvalidState("connection is connecting"),
        ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
        LocalProtocolError("Event TextMessage cannot be sent in state ConnectionState.CONNECTING."),
        aiohttp.ClientPayloadError("bad encoding"),
        aiohttp.ClientConnectorError(None, ConnectionResetError(errno.ECONNRESET, "")),
        aiohttp.ClientConnectionError("Connection closed"),  # it was read after its own release
        aiohttp.WSMessageTypeError("Received message 2:b'8:' is not WSMsgType.TEXT"),
        aiohttp.WSMessageTypeError(
            "Received message 258:WebSocketError(1002, 'reserved bits') is not WSMsgType.TEXT"
        ),
        type("ReadError", (Exception,), {"__module__": "tarfile"})(),
        asyncio.CancelledError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_exception_is_none(error):
    assert not is_disconnect(error)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (ExceptionGroup("", [GONE]), True),
        (ExceptionGroup("", [GONE, ExceptionGroup("", [anyio.EndOfStream()])]), True),
        (nested(GONE, 3000), True),
        (nested(BUG, 3000), False),
        (ExceptionGroup("", [GONE, BUG]), False),
        (ExceptionGroup("", [GONE, UnprintableError()]), False),
        (ExceptionGroup("", [GONE, ExceptionGroup("", [GONE, BUG])]), False),
        (BaseExceptionGroup("", [GONE, asyncio.CancelledError()]), True),
        (BaseExceptionGroup("", [asyncio.CancelledError()]), False),
        (BaseExceptionGroup("", [GONE, SystemExit()]), False),
    ],
)
def test_a_group_is_a_disconnect_if_it_holds_nothing_else_however_deep(group, expected):
    assert is_disconnect(group) is expected


@pytest.mark.parametrize(("error", "reason"), [(GONE, "disconnect"), (BUG, "crash")])
def test_a_receive_task_that_reads_in_a_task_group_ends_as_its_reader_does(
    simulation, error, reason
):
    async def read() -> None:
        raise error

    async def receive() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            group.create_task(forever())

    async def scenario():
        return await supervise_tasks(
            receive_task=named(receive(), "receive"), bg_tasks=[], label="t"
        )

    assert simulation.run(scenario()).reason == reason


@pytest.mark.parametrize(
    ("error", "reason", "level"),
    [
        (UnprintableError(), "crash", logging.ERROR),
        (nested(BUG, 3000), "crash", logging.ERROR),
        (UnprintableResetError(), "disconnect", logging.INFO),
        (nested(GONE, 3000), "disconnect", logging.INFO),
    ],
    ids=["crash", "deep_crash", "disconnect", "deep_disconnect"],
)
def test_a_crash_that_cannot_be_printed_ends_the_session(simulation, caplog, error, reason, level):
    async def scenario():
        task = create_named_task(fail(error, after=1), name="flush")
        receive = named(forever(), "receive")
        return await supervise_tasks(receive_task=receive, bg_tasks=[task], label="t")

    with caplog.at_level(logging.INFO):
        assert simulation.run(scenario()).reason == reason
    told = [record for record in caplog.records if "background: task flush" in record.getMessage()]
    assert [record.levelno for record in told] == [level]
    assert simulation.complaints == []


def test_a_disconnect_of_another_library_can_be_added():
    class LineDroppedError(Exception):
        pass

    class NoCarrierError(LineDroppedError):
        pass

    assert not is_disconnect(NoCarrierError())
    add_disconnect(LineDroppedError)
    assert is_disconnect(NoCarrierError())
    assert is_disconnect(ExceptionGroup("", [NoCarrierError(), GONE]))
