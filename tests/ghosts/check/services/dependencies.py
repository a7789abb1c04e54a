"""Services that call others: each client library, in each phase."""

import asyncio
import urllib.request
from contextlib import asynccontextmanager

import aiohttp
import httpx
from saying import say
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect


def fetch(url):
    with urllib.request.urlopen(url) as answer:  # URLLIB
        return answer.status


async def until_gone(websocket):
    async for _ in websocket:
        pass


async def clients(websocket):
    """Calls a host of its own by each client."""
    async with httpx.AsyncClient() as client:
        await client.get("http://httpx.internal/")  # HTTPX
    async with aiohttp.ClientSession() as session, session.get("http://aiohttp.internal/"):
        pass
    await asyncio.to_thread(fetch, "http://urllib.internal/")
    await until_gone(websocket)


async def secure_clients(websocket):
    """Calls a host of its own by each client, over TLS."""
    async with httpx.AsyncClient() as client:
        say("httpx", (await client.get("https://httpx.example.com/")).json())
    async with (
        aiohttp.ClientSession() as session,
        session.get("https://aiohttp.example.com/") as answer,
    ):
        say("aiohttp", await answer.json())
    say("urllib", await asyncio.to_thread(fetch, "https://urllib.example.com/"))
    await until_gone(websocket)


async def raw(websocket):
    """Speaks a protocol that nobody answers."""
    reader, writer = await asyncio.open_connection("dict.internal", 2628)
    writer.write(b"DEFINE ghost\r\n")
    try:
        await asyncio.wait_for(reader.readline(), 5)  # RAW
    except TimeoutError:
        say("no answer")
    writer.close()
    await until_gone(websocket)


async def call(host):
    async with httpx.AsyncClient() as client:
        await client.get(f"http://{host}.internal:8000/")


@asynccontextmanager
async def lifespan(app):
    await call("startup")
    yield


async def endpoint(websocket):
    await call("connect")
    await websocket.accept()
    try:
        while True:
            await websocket.receive_text()
            await call("session")
    except WebSocketDisconnect:
        await call("departure")


phases = Starlette(routes=[WebSocketRoute("/", endpoint)], lifespan=lifespan)


async def asks_stubs(websocket):
    """Says what two hosts answer: one over HTTP, one by lines."""
    async with httpx.AsyncClient() as client:
        answer = await client.post("http://names.internal/ghost?a=1", content=b"body")
    say(answer.status_code, answer.headers["x-stub"], answer.json())
    reader, writer = await asyncio.open_connection("dict.internal", 2628)
    writer.write(b"ghost\n")
    say(await reader.readline())
    writer.close()
    await until_gone(websocket)


async def names(scope, receive, send):
    """A stub of names.internal."""
    body = (await receive())["body"]
    words = f'["{scope["method"]}", "{scope["path"]}", "{scope["query_string"].decode()}"'
    headers = [(b"content-type", b"application/json"), (b"x-stub", b"yes")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": f'{words}, "{body.decode()}"]'.encode()})


async def dictionary(reader, writer):
    """A stub of dict.internal."""
    while line := await reader.readline():
        writer.write(line.upper())


async def bridges(websocket):
    """Passes on what the device says, and waits for each answer of the transcriber."""
    async with connect("ws://speech.internal/listen?language=en") as speech:
        async for text in websocket:
            await speech.send(text)
            await websocket.send(await speech.recv())  # SPEECH


async def speech(scope, receive, send):
    """A stub of speech.internal."""
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})


async def asks_a_real_server(websocket):
    """Says what the server of the test answers, whose port is in the path."""
    port = int(websocket.request.path[1:])
    try:
        reader, writer = await asyncio.open_connection("localhost", port)
        writer.write(b"hello\n")
        say(await asyncio.wait_for(reader.readline(), 5))
        writer.close()
    except (OSError, TimeoutError) as error:
        say(type(error).__name__)
    await until_gone(websocket)
