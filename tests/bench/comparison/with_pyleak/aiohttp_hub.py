"""pyleak: the service and its clients in the test's event loop."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web
from pyleak import no_task_leaks
from websockets import connect


@pytest.fixture
async def url(app, monkeypatch):
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(app, "SEND_SECONDS", 0.2, raising=False)
    runner = web.AppRunner(app.app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"ws://localhost:{runner.addresses[0][1]}/ws"
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_orphan(url):
    async with no_task_leaks(action="raise", enable_creation_tracking=True):
        async with connect(url, ping_interval=None, compression=None) as websocket:
            await websocket.send("hello")
        await asyncio.sleep(0.5)


async def test_vanish(url):
    async with no_task_leaks(action="raise"):
        websocket = await connect(url, ping_interval=None, compression=None)
        websocket.transport.pause_reading()
        await asyncio.sleep(1)


@pytest.fixture
async def slow_client(url):
    websocket = await connect(url, ping_interval=None, compression=None)
    websocket.transport.pause_reading()
    yield
    websocket.transport.abort()


async def test_slow(url, slow_client):
    async with no_task_leaks(action="raise"):
        sender = await connect(
            url, ping_interval=None, compression=None, max_size=None, max_queue=None
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                for _ in range(20):
                    await sender.send("x" * 1_000_000)
        sender.transport.abort()
        await asyncio.sleep(2)
