"""One HTTP request, or one WebSocket, answered by an ASGI application of the user's."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

App = Callable[..., Awaitable[None]]


async def answer_from(app: App, request: web.BaseRequest, body: bytes) -> web.Response:
    """Return what the application answers to a request; the body of either is read in full."""
    status, headers, pieces = 200, list[tuple[str, str]](), list[bytes]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
                if name.lower() not in (b"content-length", b"transfer-encoding")
            )
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    scope = {**_scope(request), "type": "http", "method": request.method, "scheme": "http"}
    await app(scope, receive, send)
    return web.Response(status=status, headers=headers, body=b"".join(pieces))


async def talk(
    app: App,
    request: web.BaseRequest,
    on_message: Callable[[], object],
    before_send: Callable[[], Awaitable[bool]],
) -> web.StreamResponse:
    """Let the application talk over the WebSocket of a request, until either side closes it.

    ``on_message`` is called with each message that comes, ``before_send`` is awaited before each
    that goes, and returns whether it does.
    """
    peer = web.WebSocketResponse()
    connected = False

    async def receive() -> dict[str, Any]:
        nonlocal connected
        if not connected:
            connected = True
            return {"type": "websocket.connect"}
        message = await peer.receive()
        on_message()
        match message.type:
            case WSMsgType.TEXT:
                return {"type": "websocket.receive", "text": message.data}
            case WSMsgType.BINARY:
                return {"type": "websocket.receive", "bytes": message.data}
        return {"type": "websocket.disconnect", "code": peer.close_code or 1006}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send" and not await before_send():
            return
        match message["type"]:
            case "websocket.accept":
                await peer.prepare(request)
            case "websocket.send" if message.get("text") is not None:
                await peer.send_str(message["text"])
            case "websocket.send":
                await peer.send_bytes(message["bytes"])
            case "websocket.close" if peer.prepared:
                await peer.close(code=message.get("code", 1000))

    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    names = [name.strip() for name in offered.split(",") if name.strip()]
    scope = {**_scope(request), "type": "websocket", "scheme": "ws", "subprotocols": names}
    await app(scope, receive, send)
    return peer if peer.prepared else web.Response(status=403)


def _scope(request: web.BaseRequest) -> dict[str, Any]:
    return {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "path": request.path,
        "raw_path": request.raw_path.partition("?")[0].encode(),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": ("127.0.0.1", 0),
        "server": (request.host, 80),
    }
