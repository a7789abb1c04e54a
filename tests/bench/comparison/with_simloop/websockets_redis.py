"""simloop: the service, its client and a stand-in for Redis on a simulated network."""

import asyncio
from contextlib import suppress

import redis_stub
from simloop import sim_test
from simulated import connect, running, send
from websockets import serve
from websockets.exceptions import ConnectionClosed


async def start(app):
    network = asyncio.get_running_loop().net

    async def redis(reader, writer):
        # simloop fails the test otherwise
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            await redis_stub.redis(reader, writer)

    async def serve_rooms():
        return await serve(app.handler, "0.0.0.0", 8000)

    redis_stub.subscribers.clear()
    starting = asyncio.start_server(redis, port=6379)
    redis_server = await network.host("localhost").create_task(starting)
    return await network.host("server").create_task(serve_rooms()), redis_server


@sim_test(seeds=10)
async def test_ghost(load):
    app = load()  # for each seed
    await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    await websocket.close()
    await asyncio.sleep(150)
    assert not running(app)


@sim_test(seeds=10)
async def test_orphan(load):
    app = load()  # for each seed
    await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    websocket.transport.abort()
    await asyncio.sleep(150)
    assert not running(app)


@sim_test(seeds=10)
async def test_stop(load):
    app = load()  # for each seed
    server, _ = await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    await websocket.close()
    server.close()
    async with asyncio.timeout(150):
        await server.wait_closed()


@sim_test(seeds=10)
async def test_cut_off(load):
    app = load()  # for each seed
    _, redis_server = await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    redis_server.close()
    redis_server.abort_clients()
    try:
        await send(websocket, "hello", 10)
    except ConnectionClosed:
        raise AssertionError("the client was disconnected") from None


@sim_test(seeds=10)
async def test_slow(load):
    app = load()  # for each seed
    await start(app)
    asyncio.get_running_loop().net.set_flow_control()
    slow, sends = await connect("slow"), await connect("sends")
    slow.transport.pause_reading()
    await send(sends, "x" * 1_000_000, 4)
    await sends.close()
    await asyncio.sleep(150)
    assert not running(app)
