"""Make the libraries raise what they raise when the peer has gone.

The servers are real and on this machine; nothing waits for a clock.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import aiohttp
import aiohttp.test_utils
import anyio
import h11
import httpx
import tornado.simple_httpclient
import tornado.websocket
import uvloop
import wsproto
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from websockets.protocol import Protocol, Side, State


def h11_request() -> h11.Connection:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    return client


def h11_answer_that_ends_too_early() -> None:
    client = h11_request()
    client.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
    for _ in range(2):
        client.next_event()
    client.receive_data(b"")
    client.next_event()


def h11_server_that_does_not_answer() -> None:
    client = h11_request()
    client.receive_data(b"")
    client.next_event()


def wsproto_frame_after_the_goodbye() -> None:
    peer = wsproto.connection.Connection(wsproto.connection.ConnectionType.SERVER)
    peer.send(wsproto.events.CloseConnection(1000))
    peer.send(wsproto.events.TextMessage("late"))


def wsproto_data_after_the_end() -> None:
    peer = wsproto.connection.Connection(wsproto.connection.ConnectionType.SERVER)
    peer.receive_data(None)
    peer.receive_data(b"late")


def websockets_frame_after_the_goodbye() -> None:
    peer = Protocol(Side.SERVER, state=State.OPEN)
    peer.send_close(1000)
    peer.send_text(b"late")


def tls() -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Return both ends of a TLS connection in memory. No certificate: the ciphers need none."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = []
    for side, reads, writes in (
        (ssl.PROTOCOL_TLS_SERVER, to_server, to_client),
        (ssl.PROTOCOL_TLS_CLIENT, to_client, to_server),
    ):
        context = ssl.SSLContext(side)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("aNULL:@SECLEVEL=0")
        ends.append(context.wrap_bio(reads, writes, side is ssl.PROTOCOL_TLS_SERVER))
    server, client = ends
    for end in (client, server, client, server, client):
        attempt(end.do_handshake)
    return server, client


def attempt(step: Callable[[], object]) -> None:
    with contextlib.suppress(ssl.SSLWantReadError):
        step()


def tls_data_after_the_goodbye() -> None:
    server, client = tls()
    attempt(server.unwrap)
    client.write(b"late")
    server.unwrap()


def tls_write_after_the_goodbye() -> None:
    server, _ = tls()
    attempt(server.unwrap)
    server.write(b"late")


async def at_a_server(
    call: Callable[[int], Coroutine[Any, Any, object]], *, reset: bool = False
) -> None:
    """Call with the port of a server that reads a line and hangs up, or resets the connection."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        await call(server.sockets[0].getsockname()[1])


async def httpx_get(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://127.0.0.1:{port}/")


async def aiohttp_get(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}/")


async def tornado_fetch(port: int) -> None:
    client = tornado.simple_httpclient.SimpleAsyncHTTPClient(force_instance=True)
    await client.fetch(f"http://127.0.0.1:{port}/")


async def tornado_connect(port: int) -> None:
    await tornado.websocket.websocket_connect(f"ws://127.0.0.1:{port}/")


async def aiohttp_goodbye(
    read: Callable[[web.WebSocketResponse], Coroutine[Any, Any, object]],
) -> None:
    """Raise what ``read`` raises at a server whose client says goodbye."""
    raised = asyncio.get_running_loop().create_future()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        try:
            raised.set_result(await read(websocket))
        except Exception as error:
            raised.set_exception(error)
        return websocket

    async with aiohttp_client_of(handle) as client:
        await (await client.ws_connect("/")).close()
        await raised


async def aiohttp_client_after_its_goodbye() -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.receive()
        return websocket

    async with aiohttp_client_of(handle) as client:
        websocket = await client.ws_connect("/")
        await websocket.close()
        await websocket.receive_bytes()


def aiohttp_client_of(handle: Callable[[web.Request], Any]) -> aiohttp.test_utils.TestClient:
    app = web.Application()
    app.router.add_get("/", handle)
    return aiohttp.test_utils.TestClient(aiohttp.test_utils.TestServer(app))


async def read_again_and_again(websocket: web.WebSocketResponse) -> None:
    for _ in range(9):
        await websocket.receive()


async def aiohttp_body_of_a_client_that_has_left() -> None:
    loop = asyncio.get_running_loop()
    await aiohttp.StreamReader(BaseProtocol(loop), 1, loop=loop).read()


async def write_after_the_peer_has_left(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()
    writer.write(b"late")


async def a_read_that_ends_too_early() -> None:
    reader = asyncio.StreamReader()
    reader.feed_eof()
    await reader.readexactly(1)


async def an_anyio_stream_whose_other_end_is_closed() -> None:
    sending, receiving = anyio.create_memory_object_stream[int](1)
    with sending:
        receiving.close()
        await sending.send(1)


def run(call: Callable[..., Coroutine[Any, Any, object]], *args: Any, **options: Any) -> object:
    return asyncio.run(call(*args, **options))


PROVOCATIONS: dict[str, Callable[[], object]] = {
    "h11_early_end": h11_answer_that_ends_too_early,
    "h11_no_answer": h11_server_that_does_not_answer,
    "wsproto_frame": wsproto_frame_after_the_goodbye,
    "wsproto_data": wsproto_data_after_the_end,
    "websockets": websockets_frame_after_the_goodbye,
    "tls_data": tls_data_after_the_goodbye,
    "tls_write": tls_write_after_the_goodbye,
    "asyncio": partial(run, a_read_that_ends_too_early),
    "anyio": partial(run, an_anyio_stream_whose_other_end_is_closed),
    "uvloop": lambda: uvloop.run(at_a_server(write_after_the_peer_has_left)),
    "httpx": partial(run, at_a_server, httpx_get),
    "tornado_fetch": partial(run, at_a_server, tornado_fetch),
    "tornado_websocket": partial(run, at_a_server, tornado_connect),
    "aiohttp_hang_up": partial(run, at_a_server, aiohttp_get),
    "aiohttp_reset": partial(run, at_a_server, aiohttp_get, reset=True),
    "aiohttp_body": partial(run, aiohttp_body_of_a_client_that_has_left),
    "aiohttp_server_str": partial(run, aiohttp_goodbye, web.WebSocketResponse.receive_str),
    "aiohttp_server_json": partial(run, aiohttp_goodbye, web.WebSocketResponse.receive_json),
    "aiohttp_server_again": partial(run, aiohttp_goodbye, read_again_and_again),
    "aiohttp_client": partial(run, aiohttp_client_after_its_goodbye),
}
