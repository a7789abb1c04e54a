"""The same service in the form of each library; with ``hold`` in its address it leaves ghosts."""

import asyncio
import signal
import weakref
from contextlib import asynccontextmanager

import uvicorn
from aiohttp import web
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from saying import hold, say
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.server import serve


async def starlette_endpoint(websocket: WebSocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
    finally:
        if websocket.url.query == "hold":
            await hold()


@asynccontextmanager
async def lifespan(app):
    say("startup")
    yield
    say("shutdown")


fastapi_app = FastAPI(lifespan=lifespan)
fastapi_app.websocket("/ws")(starlette_endpoint)
starlette_app = Starlette(routes=[WebSocketRoute("/ws", starlette_endpoint)], lifespan=lifespan)


OPEN = weakref.WeakSet()


async def aiohttp_handler(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    OPEN.add(socket)
    try:
        async for message in socket:
            await socket.send_str(message.data)
    finally:
        if request.query_string == "hold":
            await hold()
    return socket


def aiohttp_factory():
    async def startup(app):
        say("startup")
        yield
        say("shutdown")

    async def close(app):
        for socket in list(OPEN):
            await socket.close()

    app = web.Application()
    app.on_shutdown.append(close)
    app.router.add_get("/ws", aiohttp_handler)
    app.cleanup_ctx.append(startup)
    return app


aiohttp_app = aiohttp_factory()


async def websockets_handler(websocket):
    try:
        async for message in websocket:
            await websocket.send(message)
    finally:
        if websocket.request.path == "/ws?hold":
            await hold()


async def main_with_signal():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    say("startup")
    async with serve(websockets_handler, "0.0.0.0", 80):
        await stop.wait()
    say("shutdown")


async def main_forever():
    say("startup")
    try:
        async with serve(websockets_handler, "localhost", 8765) as server:
            await server.serve_forever()
    finally:
        say("shutdown")


async def main_of_uvicorn():
    await uvicorn.Server(uvicorn.Config(fastapi_app, port=8000, log_config=None)).serve()


async def main_of_aiohttp():
    runner = web.AppRunner(aiohttp_factory())
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 8080).start()
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def returns_at_once():
    say("nothing to do")


async def fails(app):
    raise RuntimeError("no database")
    yield


fails_to_start = Starlette(lifespan=asynccontextmanager(fails))
