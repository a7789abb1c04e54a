"""Faults by hand: Redis and the clients of the service are behind proxies."""

import asyncio

import pytest
import redis_stub
from faults import Proxy, becomes, connect, free_port, running, send

MAIN = """
import asyncio, signal, sys, {form} as rooms
async def main():
    rooms.client = rooms.redis.Redis(port=int(sys.argv[2]), decode_responses=True)
    async with rooms.serve(rooms.handler, "127.0.0.1", int(sys.argv[1])) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()
asyncio.run(main())
"""


@pytest.fixture
async def redis_server():
    redis_stub.subscribers.clear()
    server = await asyncio.start_server(redis_stub.redis, "127.0.0.1", 0)
    proxy = await Proxy(server.sockets[0].getsockname()[1]).start()
    yield proxy
    proxy.close()
    server.close()


@pytest.fixture
async def service(form, folder, redis_server):
    port = free_port()
    arguments = "-c", MAIN.format(form=form), str(port), str(redis_server.port)
    async with running(*arguments, port=port, folder=folder) as process:
        process.port = port
        yield process


@pytest.fixture
async def clients(service):
    proxy = await Proxy(service.port).start()
    yield proxy
    proxy.close()


async def subscribers():
    return len(redis_stub.subscribers[b"/lobby"])


async def test_ghost(clients):
    async with connect(clients.port, "/lobby") as websocket:
        await send(websocket, "hello", 2)
    await becomes(0, subscribers, 10)


async def test_orphan(clients):
    await send(await connect(clients.port, "/lobby"), "hello", 2)
    clients.reset()
    await becomes(0, subscribers, 10)


async def test_stop(clients, service):
    async with connect(clients.port, "/lobby") as websocket:
        await send(websocket, "hello", 2)
    service.terminate()
    await asyncio.wait_for(service.wait(), 45)


async def test_cut_off(clients, redis_server):
    async with connect(clients.port, "/lobby") as websocket:
        await send(websocket, "hello", 2)
        redis_server.down()
        await send(websocket, "hello", 10)


async def test_slow(clients, service):
    await connect(clients.port, "/lobby")
    clients.toxic = "timeout"
    async with connect(service.port, "/lobby") as sends:
        for _ in range(30):
            await sends.send("x" * 1_000_000)
        await asyncio.sleep(5)
    await becomes(0, subscribers, 60)
