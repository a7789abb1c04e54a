"""Services of which a check once said something wrong."""

import asyncio
import contextlib
import hashlib
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import httpx
from aiohttp import web
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

PEERS = set()
LOCK = asyncio.Lock()
POOL = ThreadPoolExecutor(2)


def digest(text):
    return hashlib.pbkdf2_hmac("sha256", text.encode(), b"salt", 1000).hex()


async def computes_in_threads(websocket):
    with contextlib.suppress(ConnectionClosed):
        async for text in websocket:
            await websocket.send(await asyncio.to_thread(digest, text))


def fetch(text):
    with urllib.request.urlopen(f"http://spell.internal/{text}", timeout=5) as answer:
        return answer.read()


async def limits_its_threads(websocket):
    with contextlib.suppress(ConnectionClosed):
        async for text in websocket:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(fetch, text)


async def passes_on_to_others(websocket):
    """A chat in which nobody gets what it has sent."""
    PEERS.add(websocket)
    with contextlib.suppress(ConnectionClosed):
        async for text in websocket:
            for peer in PEERS - {websocket}:
                with contextlib.suppress(ConnectionClosed):
                    await peer.send(text)
    PEERS.discard(websocket)


def ask(line):
    with socket.create_connection(("printer.internal", 9100)) as link:
        link.sendall(line.encode())
        return link.recv(9)


async def fills_its_pool(websocket):
    """Leaves more calls than its pool has workers, all of which wait."""
    loop = asyncio.get_running_loop()
    asked = []
    async for text in websocket:
        asked.append(loop.run_in_executor(POOL, ask, text))
    await asyncio.gather(*asked)  # POOL


async def saves_under_a_lock(websocket):
    async with httpx.AsyncClient(timeout=None) as client:
        async for text in websocket:
            async with LOCK:  # WAITS
                await client.put("http://rows.internal/", content=text)  # HOLDS


async def reads_in_parts(websocket):
    """Waits for the answer's head in one line, and for its body in the next."""
    async with httpx.AsyncClient(timeout=None) as client:
        async for text in websocket:
            url = "https://storage.example.org/"
            async with client.stream("PUT", url, content=text) as answer:  # HEAD
                async for _ in answer.aiter_bytes():
                    pass


async def hub(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    request.app["sockets"][id(socket)] = socket  # HUB
    async for _ in socket:
        pass
    return socket


app = web.Application()
app["sockets"] = {}
app.router.add_get("/", hub)


async def raises(websocket):
    async for text in websocket:
        raise ValueError(f"bad {text}")  # RAISES


async def program_that_raises():
    async with serve(raises, "127.0.0.1", 8765) as server:
        await server.serve_forever()
