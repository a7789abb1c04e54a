"""Faults by hand: one fake server is both backends; the service uses it as its HTTP proxy."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web
from faults import becomes, connect, free_port, gauge, running, send
from websockets.exceptions import ConnectionClosed

SECONDS = 45
"""After which a session must be over: a drain may take 30 s, and a call of it 10 s more."""


class Backends:
    def __init__(self):
        self.faults = {}
        self.open = 0

    async def answer(self, request):
        await request.read()
        fault = self.faults.get(request.host)
        self.open += 1
        try:
            if fault == "never answers":
                await asyncio.sleep(3600)
        finally:
            self.open -= 1
        return web.Response(text="{" if fault == "malformed" else "{}")

    def fail(self, storage, hooks):
        self.faults = {"storage.internal": storage, "hooks.internal": hooks}


@pytest.fixture
async def backends():
    backends = Backends()
    server = web.Server(backends.answer, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    backends.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield backends
    await runner.cleanup()


@pytest.fixture
async def service(backends, form, folder):
    port = free_port()
    arguments = "-m", "uvicorn", f"{form}:app", "--port", str(port)
    async with running(*arguments, port=port, folder=folder, http_proxy=backends.url) as process:
        process.port = port
        yield process


async def sessions(service):
    return await gauge(service.port, "active_connections")


async def test_ghost(backends, service):
    backends.fail("never answers", "never answers")
    async with connect(service.port) as websocket:
        await send(websocket, b"audio", 8)
    await becomes(0, lambda: sessions(service), SECONDS)


async def test_stop(backends, service):
    backends.fail("never answers", "never answers")
    async with connect(service.port) as websocket:
        await send(websocket, b"audio", 8)
    service.terminate()
    await asyncio.wait_for(service.wait(), SECONDS)


async def test_cut_off(backends, service):
    backends.fail("malformed", "malformed")
    async with connect(service.port) as websocket:
        await send(websocket, b"audio", 8)


async def test_orphan(backends, service):
    async def calls():
        return backends.open

    backends.fail("never answers", "malformed")
    with suppress(ConnectionClosed):
        async with connect(service.port) as websocket:
            await send(websocket, b"audio", 8)
    await becomes(0, calls, SECONDS)


async def test_gauge(backends, service):
    backends.fail("malformed", "malformed")
    with suppress(ConnectionClosed):
        async with connect(service.port) as websocket:
            await send(websocket, b"audio", 8)
    await becomes(0, lambda: sessions(service), SECONDS)
