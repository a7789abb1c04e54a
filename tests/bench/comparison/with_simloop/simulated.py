"""simloop: what the tests of all three services need."""

import asyncio

from websockets import connect as websockets_connect


async def connect(host="client"):
    """Connect a client that runs on a host of its own."""
    unlimited = {"max_size": None, "max_queue": None, "ping_interval": None, "compression": None}
    opening = websockets_connect("ws://server:8000/ws", proxy=None, **unlimited)
    network = asyncio.get_running_loop().net
    return await network.host(host).create_task(opening.__aenter__())


async def send(websocket, text, seconds):
    """Send a message each second."""
    for _ in range(seconds):
        await websocket.send(text)
        await asyncio.sleep(1)


def running(app):
    """Return the tasks that are in a function of the service."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    return [each for each in coroutines if each.cr_code.co_filename == app.__file__]


def value(gauge):
    return gauge.collect()[0].samples[0].value
