"""pyleak: the service and its client in the test's event loop, the backends replaced."""

import asyncio

import httpx
import pytest
import uvicorn
from pyleak import no_task_leaks
from websockets import connect

DURATIONS = {"FLUSH_SECONDS": 0.05, "CALL_SECONDS": 0.2, "DRAIN_SECONDS": 0.2}


@pytest.fixture
async def url(app, monkeypatch):
    for name, seconds in DURATIONS.items():
        monkeypatch.setattr(app, name, seconds, raising=False)
    server = uvicorn.Server(uvicorn.Config(app.app, port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield f"ws://localhost:{server.servers[0].sockets[0].getsockname()[1]}/ws"
    server.should_exit = server.force_exit = True
    await serving


async def send_audio(url):
    async with connect(url, ping_interval=None) as websocket:
        for _ in range(10):
            await websocket.send(b"audio")
            await asyncio.sleep(0.02)
    await asyncio.sleep(1)


async def test_ghost(app, url):
    async def never_answer(request):
        await asyncio.Event().wait()

    app.app.state.client = httpx.AsyncClient(transport=httpx.MockTransport(never_answer))
    async with no_task_leaks(action="raise"):
        await send_audio(url)


async def test_orphan(app, url):
    async def answer(request):
        if request.url.host == "storage.internal":
            await asyncio.Event().wait()
        return httpx.Response(200, text="{")

    app.app.state.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    async with no_task_leaks(action="raise"):
        await send_audio(url)
