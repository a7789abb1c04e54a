"""Services that tests check by the real command."""

import asyncio

import httpx
import uvicorn
from prometheus_client import Gauge

ACTIVE = Gauge("active", "open sessions")


async def waits_for_storage(scope, receive, send):
    """Uploads each message; a message whose upload never returns holds the session."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    ACTIVE.inc()
    messages = asyncio.Queue()

    async def read():
        while (message := await receive())["type"] == "websocket.receive":
            await messages.put(message["text"])
        await messages.put(None)

    async def upload():
        async with httpx.AsyncClient(timeout=None) as client:
            while (text := await messages.get()) is not None:
                await client.post("http://storage.internal/audio", content=text)

    await asyncio.gather(read(), upload())
    ACTIVE.dec()


async def echoes(websocket):
    """Returns each message: it has nothing that could fail."""
    async for message in websocket:
        await websocket.send(message)


def serves():
    uvicorn.run(waits_for_storage)


async def expects_frames(websocket):
    """Ends the session of a device that sends anything but three frames, in their order."""
    loop, began = asyncio.get_running_loop(), None
    for expected, pause in (("hello", None), ('{"type": "ü"}', 2.0), (b"\x00\x01", 0.5)) * 2:
        got = await websocket.recv()
        now = loop.time()
        if got != expected or (began and pause and abs(now - began - pause) > 0.1):
            await websocket.close(1008, f"unexpected {got!r}")
        began = now
    async for _ in websocket:
        pass


async def expects_an_address(scope, receive, send):
    """Lets in devices that have a token, a version, and one of their subprotocols."""
    await receive()
    has_token = (b"authorization", b"Bearer test") in scope["headers"]
    if not has_token or scope["query_string"] != b"version=2" or "v2" not in scope["subprotocols"]:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": "v2"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def expects_a_stub(websocket):
    """Ends sessions unless storage answers as `storage` does."""
    async with httpx.AsyncClient() as client:
        answer = await client.get("http://storage.internal/name")
    if answer.json() != {"name": "the stub"}:
        await websocket.close(1011, "another storage")
    async for _ in websocket:
        pass


async def storage(scope, receive, send):
    """The stub of `expects_a_stub`."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"name": "the stub"}'})


async def calls_a_real_server(websocket):
    """Ends sessions unless the server at the port in the path answers with capitals."""
    port = int(websocket.request.path[1:])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    if await asyncio.wait_for(reader.read(9), 5) != b"HELLO":
        await websocket.close(1011, "another server")
    async for _ in websocket:
        pass
    writer.close()


async def sees_header_and_path(websocket):
    """Refuses devices that lack the header or the parameter."""
    request = websocket.request
    if request.headers.get("X-Key") != "s3cret" or request.path != "/live?token=t0ken&uid=7":
        await websocket.close(1008, "who are you")
    async for _ in websocket:
        pass
