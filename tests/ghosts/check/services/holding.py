"""Handlers that wait for something that never comes; ``bounded`` in the address gives a limit."""

import asyncio
import contextlib
import signal

from prometheus_client import Gauge
from websockets.asyncio.server import serve

ACTIVE = Gauge("active", "open sessions")
LOCK = asyncio.Lock()


async def work(bounded):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(20 if bounded else None):
            await asyncio.Event().wait()  # GUILTY


async def read(websocket):
    async for _ in websocket:
        pass


async def gathers(websocket, bounded):
    await asyncio.gather(read(websocket), work(bounded))  # GATHER


async def waits(websocket, bounded):
    tasks = [asyncio.create_task(each) for each in (read(websocket), work(bounded))]
    await asyncio.wait(tasks)  # WAIT


async def groups(websocket, bounded):
    async with asyncio.TaskGroup() as group:  # GROUP
        group.create_task(read(websocket))
        group.create_task(work(bounded))


async def locks(websocket, bounded):
    await read(websocket)
    async with LOCK:
        await work(bounded)  # LOCK


FORMS = {"gather": gathers, "wait": waits, "group": groups, "lock": locks}


async def handler(websocket):
    form, _, query = websocket.request.path.removeprefix("/").partition("?")
    with ACTIVE.track_inprogress():
        await FORMS[form](websocket, query == "bounded")


async def cancels_at_stop():
    """Serve until SIGTERM, which cancels the handlers."""
    handlers = set()

    async def counted(websocket):
        handlers.add(asyncio.current_task())
        await gathers(websocket, bounded=False)

    async with serve(counted, "localhost", 8765) as server:
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        await stopped.wait()
        server.close()
        await asyncio.sleep(45)
        for task in handlers:
            task.cancel()


async def waits_for_one_that_swallows(websocket):
    async def swallows():
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()  # SWALLOWS

    task = asyncio.create_task(swallows())
    await read(websocket)
    task.cancel()
    await asyncio.wait([task])
