"""Services that compare clocks, and that wait in threads."""

import asyncio
import socket
import time
from datetime import datetime
from time import monotonic, perf_counter, sleep

from saying import say


def clocks():
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "monotonic": monotonic(),
        "monotonic_ns": time.monotonic_ns() / 1e9,
        "perf_counter": perf_counter(),
        "now": datetime.now().timestamp(),
        "loop": asyncio.get_running_loop().time(),
    }


async def says_elapsed(waiting):
    before = clocks()
    await waiting
    for name, value in clocks().items():
        say(name, round(value - before[name]))


async def until_gone(websocket):
    async for _ in websocket:
        pass


async def sleeps(websocket):
    await says_elapsed(asyncio.sleep(100))
    await until_gone(websocket)


async def sleeps_in_a_thread(websocket):
    await says_elapsed(asyncio.to_thread(sleep, 70))
    await until_gone(websocket)


async def sleeps_in_the_loop(websocket):
    async def sleep_there():
        sleep(5)  # noqa: ASYNC251

    await says_elapsed(sleep_there())
    await until_gone(websocket)


def reads_a_socket():
    with socket.create_connection(("dict.internal", 2628), timeout=5) as link:
        link.sendall(b"DEFINE ghost\r\n")
        return link.recv(9)


async def limited(websocket):
    """Says after how many seconds a read in a thread has reached its limit of 5 s."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await asyncio.to_thread(reads_a_socket)
    except TimeoutError:
        say(loop.time() - began)
    await until_gone(websocket)
