"""simloop: the service and its clients on a simulated network."""

import asyncio

from aiohttp import web
from simloop import sim_test
from simulated import connect, running, send, value


async def start(app):
    runner = web.AppRunner(app.app)

    async def serve():
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 8000).start()

    await asyncio.get_running_loop().net.host("server").create_task(serve())
    return runner


async def stick():
    """Connect a client that does not read."""
    asyncio.get_running_loop().net.set_flow_control()
    websocket = await connect("slow")
    websocket.transport.pause_reading()


@sim_test(seeds=10)
async def test_orphan(load):
    app = load()  # for each seed
    await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    await websocket.close()
    await asyncio.sleep(150)
    assert not running(app)


@sim_test(seeds=10)
async def test_kept(load):
    app = load()  # for each seed
    await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    websocket.transport.abort()
    await asyncio.sleep(150)
    assert not app.clients


@sim_test(seeds=10)
async def test_gauge(load):
    app = load()  # for each seed
    await start(app)
    websocket = await connect()
    await send(websocket, "hello", 10)
    websocket.transport.abort()
    await asyncio.sleep(150)
    assert value(app.connections) == 0


@sim_test(seeds=10)
async def test_vanish(load):
    app = load()  # for each seed
    await start(app)
    await connect("vanishes")
    asyncio.get_running_loop().net.partition({"server"}, {"vanishes"})
    await asyncio.sleep(150)
    assert value(app.connections) == 0


@sim_test(seeds=10)
async def test_slow(load):
    app = load()  # for each seed
    await start(app)
    await stick()
    reads, sends = await connect("reads"), await connect("sends")
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(send(sends, "x" * 1_000_000, 4))
        for _ in range(4):
            while (await reads.recv())[0] != "x":
                pass


@sim_test(seeds=10)
async def test_stop(load):
    app = load()  # for each seed
    runner = await start(app)
    await stick()
    sends = await connect("sends")
    async with asyncio.timeout(150), asyncio.TaskGroup() as group:
        sending = group.create_task(send(sends, "x" * 1_000_000, 4))
        await asyncio.sleep(10)
        sending.cancel()
        await runner.cleanup()
