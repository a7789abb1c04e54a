"""Services that harm their devices, their gauge, their threads or themselves."""

import asyncio
import contextlib
import contextvars
import signal
import socket
import sys
import threading
import time
import urllib.request
from functools import partial

import httpx
from prometheus_client import Gauge
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

ACTIVE = Gauge("active", "open sessions")
PEERS = {}
SLOTS = []
SECRET_ERROR = "bad input"


async def read(websocket):
    async for _ in websocket:
        pass


async def gauge_without_finally(websocket):
    ACTIVE.inc()  # RAISED
    await websocket.recv()
    async for _ in websocket:
        pass
    if websocket.close_code == 1000:
        raise ValueError("an error on the way out")
    ACTIVE.dec()


async def gauge_with_finally(websocket):
    with ACTIVE.track_inprogress():
        await read(websocket)


def blocks():
    threading.Event().wait()


async def blocks_a_worker(websocket):
    asyncio.get_running_loop().run_in_executor(None, blocks)  # BLOCKS
    await read(websocket)


async def uses_a_worker(websocket):
    await asyncio.to_thread(time.sleep, 3)
    await read(websocket)


async def cuts_off(websocket):
    """Ends the session of the first device by an error."""
    SLOTS.append(1)
    is_first = len(SLOTS) == 1
    async for _ in websocket:
        if is_first:
            raise ValueError(SECRET_ERROR)  # RAISES


async def send(websocket, limit):
    try:
        async with asyncio.timeout(limit):
            await websocket.send("x" * 40_000)  # SENDS
    except (ConnectionClosed, TimeoutError):
        PEERS.pop(websocket, None)


async def broadcast(limit):
    while True:
        await asyncio.sleep(1)
        for peer in list(PEERS):
            await send(peer, limit)


async def joins(websocket):
    connection = websocket.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    PEERS[websocket] = None
    try:
        await read(websocket)
    finally:
        PEERS.pop(websocket, None)


async def broadcasts(limit=None):
    async with serve(joins, "localhost", 8001, ping_interval=None):
        await broadcast(limit)


async def broadcasts_with_a_limit():
    await broadcasts(5)


def limited_to_two(frees):
    async def endpoint(websocket):
        if len(SLOTS) == 2:
            await websocket.close()
            return
        SLOTS.append(1)
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        if frees:
            SLOTS.pop()

    return Starlette(routes=[WebSocketRoute("/", endpoint)])


keeps_slots, frees_slots = limited_to_two(False), limited_to_two(True)


async def never_stops():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(read, "localhost", 8001):
        await stop.wait()
        await asyncio.Event().wait()  # NEVER_STOPS


async def stops_late():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(read, "localhost", 8001):
        await stop.wait()
        await asyncio.sleep(45)


async def sleeps_in_the_loop(websocket):
    await websocket.recv()
    time.sleep(3600)  # noqa: ASYNC251 # SLEEPS


async def pauses_in_the_loop(websocket):
    async for _ in websocket:
        time.sleep(0.3)  # noqa: ASYNC251 # PAUSES


async def pauses_in_another_thread(websocket):
    async for _ in websocket:
        await asyncio.to_thread(time.sleep, 0.3)


async def asks_in_the_loop(websocket):
    async for _ in websocket:
        with contextlib.suppress(OSError):
            urllib.request.urlopen("http://storage.internal/", timeout=2)  # noqa: ASYNC210 # ASKS


async def counts_before_it_asks(websocket):
    ACTIVE.inc()  # COUNTED
    async with httpx.AsyncClient(timeout=5) as client:
        (await client.get("http://storage.internal/")).raise_for_status()
    await read(websocket)
    ACTIVE.dec()


def fetch():
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://storage.internal/")  # FETCHES


async def asks_in_a_worker(websocket):
    loop = asyncio.get_running_loop()
    async for _ in websocket:
        call = partial(contextvars.copy_context().run, fetch)  # as asyncio.to_thread does
        await loop.run_in_executor(None, call)  # IN_WORKER


async def sleeps_again_and_again(websocket):
    while True:
        time.sleep(1)  # noqa: ASYNC251 # AGAIN
        await websocket.send("news")


async def spins(websocket):
    await websocket.recv()
    while True:  # SPINS
        pass


async def exits(websocket):
    await websocket.recv()
    sys.exit("no licence")  # EXITS


async def depends(websocket, on_error):
    async with httpx.AsyncClient(timeout=5) as client:
        with contextlib.suppress(ConnectionClosed):
            async for _ in websocket:
                try:
                    await client.get("http://storage.internal/")
                except httpx.HTTPError:
                    on_error()


def leave():
    sys.exit(3)  # LEAVES


def block():
    time.sleep(3600)  # BLOCKED


async def exits_on_errors(websocket):
    await depends(websocket, leave)


async def blocks_on_errors(websocket):
    await depends(websocket, block)


async def survives_errors(websocket):
    await depends(websocket, lambda: None)
