"""Which exceptions are disconnects: of the libraries that people use, and in groups."""

import asyncio
import errno
import ssl
from collections.abc import Callable

import aiohttp
import anyio
import h11
import httpx
import pytest
import tornado.iostream
import tornado.websocket
import wsproto
from websockets.exceptions import ConnectionClosedOK
from workload import forever, named
from wsproto.utilities import LocalProtocolError

from async_tasks import add_disconnect, supervise_tasks
from async_tasks.disconnects import is_disconnect

BUG = ValueError("a bug")
GONE = ConnectionResetError("the peer has gone")


def raised_by(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def h11_answer_that_ends_too_early() -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
    for _ in range(2):
        client.next_event()
    client.receive_data(b"")
    client.next_event()


def wsproto_frame_after_the_goodbye() -> None:
    peer = wsproto.connection.Connection(wsproto.connection.ConnectionType.SERVER)
    peer.send(wsproto.events.CloseConnection(1000))
    peer.send(wsproto.events.TextMessage("late"))


async def httpx_server_that_hangs_up() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"http://127.0.0.1:{port}/")


async def a_read_that_ends_too_early() -> None:
    reader = asyncio.StreamReader()
    reader.feed_eof()
    await reader.readexactly(1)


async def an_anyio_stream_whose_other_end_is_closed() -> None:
    sending, receiving = anyio.create_memory_object_stream[int](1)
    with sending:
        receiving.close()
        await sending.send(1)


@pytest.mark.parametrize(
    "provoke",
    [
        h11_answer_that_ends_too_early,
        wsproto_frame_after_the_goodbye,
        lambda: asyncio.run(httpx_server_that_hangs_up()),
        lambda: asyncio.run(a_read_that_ends_too_early()),
        lambda: asyncio.run(an_anyio_stream_whose_other_end_is_closed()),
    ],
    ids=["h11", "wsproto", "httpx", "asyncio", "anyio"],
)
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
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_exceptions_of_libraries_for_a_lost_connection_are_disconnects(error):
    assert is_disconnect(error)


@pytest.mark.parametrize(
    ("module", "name", "base"),
    [
        ("starlette.websockets", "WebSocketDisconnect", Exception),
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
        "Unexpected ASGI message 'websocket.close', after sending 'websocket.close' or response "
        "already completed.",
    ],
)
def test_a_second_goodbye_through_starlette_or_uvicorn_is_a_disconnect(text):
    assert is_disconnect(RuntimeError(text))


@pytest.mark.parametrize(
    "error",
    [
        BUG,
        RuntimeError("cannot send"),
        OSError(errno.ENOSPC, "disk full"),
        TimeoutError(),
        httpx.ConnectError(""),
        httpx.RemoteProtocolError("illegal status line"),
        h11.LocalProtocolError("too much data"),
        LocalProtocolError("Event TextMessage cannot be sent in state ConnectionState.CONNECTING."),
        aiohttp.ClientPayloadError("bad encoding"),
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
        (ExceptionGroup("", [GONE, BUG]), False),
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


def test_a_disconnect_of_another_library_can_be_added():
    class LineDroppedError(Exception):
        pass

    class NoCarrierError(LineDroppedError):
        pass

    assert not is_disconnect(NoCarrierError())
    add_disconnect(LineDroppedError)
    assert is_disconnect(NoCarrierError())
    assert is_disconnect(ExceptionGroup("", [NoCarrierError(), GONE]))
