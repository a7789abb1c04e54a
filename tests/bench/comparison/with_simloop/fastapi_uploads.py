"""simloop: the service, its client and its backends on a simulated network."""

import asyncio
from contextlib import suppress

import uvicorn
from simloop import sim_test
from simulated import connect, send, value
from websockets.exceptions import ConnectionClosed

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"


FORGIVEN = asyncio.CancelledError, ConnectionError  # of a backend; simloop fails the test otherwise


async def never_answers(reader, writer):
    with suppress(*FORGIVEN):
        await reader.read()


async def malformed(reader, writer):
    with suppress(*FORGIVEN):
        while await reader.read(65536):
            writer.write(ANSWER % (1, b"{"))


async def start(app, storage, hooks):
    network = asyncio.get_running_loop().net
    for name, backend in (("storage.internal", storage), ("hooks.internal", hooks)):
        network.host(name).create_task(asyncio.start_server(backend, port=80))
    server = uvicorn.Server(uvicorn.Config(app.app, "0.0.0.0", 8000, log_level="critical"))
    serving = network.host("server").create_task(server._serve())
    await asyncio.sleep(1)
    return server, serving


def handlers(app):
    """Return the calls of the service that wait: sessions run inside tasks of uvicorn."""
    tasks = asyncio.all_tasks()
    return [task for task in tasks if "run_asgi" in repr(task) or app.__file__ in repr(task)]


@sim_test(seeds=10)
async def test_ghost(load):
    app = load()  # for each seed
    await start(app, never_answers, never_answers)
    websocket = await connect()
    await send(websocket, b"audio", 10)
    await websocket.close()
    await asyncio.sleep(150)
    assert not handlers(app)


@sim_test(seeds=10)
async def test_stop(load):
    app = load()  # for each seed
    server, serving = await start(app, never_answers, never_answers)
    websocket = await connect()
    await send(websocket, b"audio", 10)
    server.should_exit = True
    await asyncio.sleep(150)
    assert serving.done()


@sim_test(seeds=10)
async def test_cut_off(load):
    app = load()  # for each seed
    await start(app, malformed, malformed)
    websocket = await connect()
    try:
        await send(websocket, b"audio", 20)
    except ConnectionClosed:
        raise AssertionError("the device was disconnected") from None


@sim_test(seeds=10)
async def test_orphan(load):
    app = load()  # for each seed
    await start(app, never_answers, malformed)
    websocket = await connect()
    with suppress(ConnectionClosed):
        await send(websocket, b"audio", 20)
    await websocket.close()
    await asyncio.sleep(150)
    assert not handlers(app)


@sim_test(seeds=10)
async def test_gauge(load):
    app = load()  # for each seed
    await start(app, malformed, malformed)
    websocket = await connect()
    with suppress(ConnectionClosed):
        await send(websocket, b"audio", 20)
    await websocket.close()
    await asyncio.sleep(150)
    assert value(app.active_connections) == 0
