"""Services that accept, read or end their sessions in ways of their own."""

import asyncio
import time

from aiohttp import web
from saying import say
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PERMITS = asyncio.Semaphore(1)
TASKS = set()


def app(endpoint):
    return Starlette(routes=[WebSocketRoute("/", endpoint)])


async def read(websocket: WebSocket):
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass


async def takes_a_permit(websocket: WebSocket):
    await PERMITS.acquire()  # PERMIT
    await websocket.accept()
    await read(websocket)


async def returns_its_permit(websocket: WebSocket):
    async with PERMITS:
        await websocket.accept()
    await read(websocket)


async def never_reads(websocket: WebSocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text("news")
            await asyncio.sleep(1)
    except WebSocketDisconnect:
        pass


async def never_pauses(websocket: WebSocket):
    await websocket.accept()
    await websocket.receive_text()
    # Long ones: since Python 3.12 asyncio counts its buffered writes one by one at each write.
    news = "news" * 1_000
    while True:
        await websocket.send_text(news)  # ENDLESS


async def computes_first(websocket: WebSocket):
    """Says how much time has passed in the first call of a session into anyio's threads."""
    before = asyncio.get_running_loop().time()
    await run_in_threadpool(compute)
    say(asyncio.get_running_loop().time() - before)
    await websocket.accept()
    await read(websocket)


def compute():
    until = time.thread_time() + 0.2
    while time.thread_time() < until:
        pass


async def fails_in_the_background(websocket):
    TASKS.add(asyncio.create_task(fail(websocket)))
    async for _ in websocket:
        TASKS.clear()


async def fail(websocket):
    return websocket.open


async def ends_after_20_messages(websocket):
    for _ in range(20):
        await websocket.recv()


async def ends_with_the_others(websocket):
    TASKS.add(websocket)
    async for _ in websocket:
        pass
    TASKS.discard(websocket)
    for other in TASKS:
        await other.close()


async def makes_an_application(loop):
    return web.Application()


takes_a_permit, returns_its_permit, never_reads, never_pauses, computes_first = map(
    app, (takes_a_permit, returns_its_permit, never_reads, never_pauses, computes_first)
)
