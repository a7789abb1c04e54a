"""Services that say how their dependencies fail, and after how many seconds."""

import asyncio
import contextlib

import httpx
from saying import hold, say


async def timed(call, websocket):
    """Say what each call has brought, one call per message of the device."""
    loop = asyncio.get_running_loop()
    async for _ in websocket:
        began = loop.time()
        try:
            async with asyncio.timeout(50):
                found = await call()
        except Exception as error:
            found = type(error).__name__
        say(found, "after", round(loop.time() - began), "s")


async def get():
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get("http://storage.internal/")
        return answer.json() if answer.is_success else answer.status_code


async def over_http(websocket):
    await timed(get, websocket)


async def ask():
    reader, writer = await asyncio.open_connection("dict.internal", 2628)
    writer.write(b"abc\n")
    async with asyncio.timeout(30):
        try:
            return await reader.readline()
        finally:
            writer.close()


async def by_lines(websocket):
    await timed(ask, websocket)


async def dictionary(reader, writer):
    """A stub of dict.internal."""
    while line := await reader.readline():
        writer.write(line.upper())


async def departures(websocket):
    """Says how its connection ends."""
    with contextlib.suppress(Exception):
        async for _ in websocket:
            pass
    say(websocket.close_code, websocket.close_reason)
    if websocket.request.path == "/hold":
        await hold()
