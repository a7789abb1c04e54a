"""Faults by hand: the clients come through proxies."""

import asyncio
import json

import pytest
from faults import Proxy, becomes, connect, free_port, gauge, running, send

MAIN = "import sys, {form}; {form}.web.run_app({form}.app, port=int(sys.argv[1]))"


@pytest.fixture
async def service(form, folder):
    port = free_port()
    arguments = "-c", MAIN.format(form=form), str(port)
    async with running(*arguments, port=port, folder=folder) as process:
        process.port = port
        yield process


@pytest.fixture
async def proxy(service):
    proxy = await Proxy(service.port).start()
    yield proxy
    proxy.close()


async def clients(service):
    return await gauge(service.port, "hub_connections")


async def reset_a_client(proxy):
    await send(await connect(proxy.port), "hello", 1)
    proxy.reset()


async def test_gauge(service, proxy):
    await reset_a_client(proxy)
    await becomes(0, lambda: clients(service), 10)


async def test_kept(service, proxy):
    await reset_a_client(proxy)
    async with connect(service.port) as websocket:
        assert json.loads(await asyncio.wait_for(websocket.recv(), 30)) == {"online": 1}


async def test_vanish(service, proxy):
    await send(await connect(proxy.port), "hello", 1)
    proxy.toxic = "timeout"
    await becomes(0, lambda: clients(service), 60)


async def send_much(service, proxy):
    """Send 30 MB to all clients; the one of the proxy does not read."""
    await connect(proxy.port)
    proxy.toxic = "timeout"
    reads, sends = await connect(service.port), await connect(service.port)

    async def send_all():
        for _ in range(30):
            await sends.send("x" * 1_000_000)

    return asyncio.create_task(send_all()), reads


async def test_slow(service, proxy):
    _, reads = await send_much(service, proxy)
    async with asyncio.timeout(30):
        for _ in range(30):
            while (await reads.recv())[0] != "x":
                pass


async def test_stop(service, proxy):
    await send_much(service, proxy)
    await asyncio.sleep(2)
    service.terminate()
    await asyncio.wait_for(service.wait(), 45)
