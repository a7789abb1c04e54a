"""Faults by hand: a proxy with the toxics needed, and a service in a process of its own."""

import asyncio
import os
import re
import socket
import struct
import sys
from contextlib import asynccontextmanager

import httpx
from websockets import connect as websockets_connect


class Proxy:
    """Passes connections on to a port; ``toxic`` is "timeout" or "down", or "" for none."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.toxic = ""
        self.writers = []

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        if self.toxic == "down":
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.upstream)
        self.writers += [writer, back]
        await asyncio.gather(self.pass_on(reader, back), self.pass_on(there, writer))

    async def pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                while self.toxic == "timeout":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    def down(self):
        self.toxic = "down"
        for writer in self.writers:
            writer.close()

    def reset(self):
        for writer in self.writers:
            if writer.transport.is_closing():
                continue
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    def close(self):
        self.server.close()
        self.reset()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@asynccontextmanager
async def running(*arguments, port, folder, **environment):
    """Run the service with Python; it is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except ConnectionError:
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def connect(port, path="/ws"):
    unlimited = {"max_size": None, "max_queue": None, "ping_interval": None, "compression": None}
    return websockets_connect(f"ws://127.0.0.1:{port}{path}", **unlimited)


async def send(websocket, message, seconds):
    for _ in range(seconds):
        await websocket.send(message)
        await asyncio.sleep(1)


async def gauge(port, name):
    async with httpx.AsyncClient(follow_redirects=True) as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return float(re.search(rf"^{name} (.+)$", text, re.MULTILINE)[1])


async def becomes(wanted, look, seconds):
    """Assert that a coroutine function returns what is wanted within a time."""
    async with asyncio.timeout(seconds):
        while (found := await look()) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    assert found == wanted
