"""Tasks that go on after their session has ended."""

import asyncio
import contextlib

TASKS = set()


async def beat(websocket):
    while True:  # noqa: ASYNC110
        await asyncio.sleep(7)  # BEAT


async def stubborn(websocket):
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(7)  # STUBBORN


async def read(websocket):
    with contextlib.suppress(Exception):
        async for _ in websocket:
            pass


def keep(task):
    TASKS.add(task)
    return task


async def forgets(websocket):
    keep(asyncio.create_task(beat(websocket)))  # FORGOTTEN
    await read(websocket)


def spawn(coroutine):
    return keep(asyncio.create_task(coroutine))  # SPAWNED


async def forgets_what_it_spawns(websocket):
    spawn(beat(websocket))  # CALLS
    await read(websocket)


async def waits_with_a_limit(websocket):
    async def upload():
        await asyncio.wait_for(asyncio.Event().wait(), 1e6)  # LIMIT

    keep(asyncio.create_task(upload()))
    await read(websocket)


async def cancels(websocket):
    task = keep(asyncio.create_task(beat(websocket)))
    await read(websocket)
    task.cancel()


async def cancels_in_vain(websocket):
    task = keep(asyncio.create_task(stubborn(websocket)))
    await read(websocket)
    task.cancel()


async def starts_one_for_all(websocket):
    if not TASKS:
        keep(asyncio.create_task(beat(None)))
    await read(websocket)
