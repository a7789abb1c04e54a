"""pyleak: the service and its clients in the test's event loop, a stand-in for Redis in another."""

import asyncio
import threading
from contextlib import suppress

import pytest
import redis.asyncio as redis
import redis_stub
from pyleak import no_task_leaks
from websockets import connect, serve


@pytest.fixture(scope="module")
def redis_port():
    loop = asyncio.new_event_loop()  # its tasks would be leaks of the test's loop
    threading.Thread(target=loop.run_forever, daemon=True).start()
    starting = asyncio.start_server(redis_stub.redis, "localhost", 0)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)


@pytest.fixture
async def url(app, redis_port, monkeypatch):
    monkeypatch.setattr(app, "client", redis.Redis(port=redis_port, decode_responses=True))
    monkeypatch.setattr(app, "CALL_SECONDS", 0.2, raising=False)
    server = await serve(app.handler, "localhost", 0, ping_interval=0.2, ping_timeout=0.2)
    yield f"ws://localhost:{server.sockets[0].getsockname()[1]}/lobby"
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_ghost(url):
    async with no_task_leaks(action="raise"):
        async with connect(url, ping_interval=None, compression=None) as websocket:
            await websocket.send("hello")
            await websocket.recv()
        await asyncio.sleep(0.5)


async def test_orphan(url):
    async with no_task_leaks(action="raise"):
        websocket = await connect(url, ping_interval=None, compression=None)
        await websocket.send("hello")
        await websocket.recv()
        websocket.transport.abort()
        await asyncio.sleep(0.5)


async def test_slow(url, request):
    async with no_task_leaks(action="raise"):
        websocket = await connect(url, ping_interval=None, compression=None)
        request.addfinalizer(websocket.transport.abort)
        websocket.transport.pause_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                for _ in range(20):
                    await websocket.send("x" * 1_000_000)
        await asyncio.sleep(2)
