"""Sessions that have ended and are kept: by a hub of some kind, a variable, or a traceback."""

import asyncio
from collections import defaultdict


class Hub:
    members = []  # noqa: RUF012


LIST, SET, DICT = [], set(), defaultdict(dict)
ERRORS = []
STARTED = []


async def read(websocket):
    async for _ in websocket:
        pass


async def in_list(websocket):
    LIST.append(websocket)  # LIST
    await read(websocket)


async def in_set(websocket):
    SET.add(websocket)  # SET
    await read(websocket)


async def in_dict(websocket):
    DICT["room"][id(websocket)] = websocket  # DICT
    await read(websocket)


class Rooms:
    def __init__(self):
        self.rooms = {}
        self.joined = defaultdict(list)

    def join(self, websocket):
        self.rooms.setdefault("lobby", []).append(websocket)  # NESTED


ROOMS = Rooms()


async def in_nested(websocket):
    ROOMS.join(websocket)
    await read(websocket)


async def in_class(websocket):
    Hub.members.append(websocket)  # CLASS
    await read(websocket)


async def removes(websocket):
    SET.add(websocket)
    Hub.members.append(websocket)
    try:
        await read(websocket)
    finally:
        SET.discard(websocket)
        Hub.members.remove(websocket)


async def feed():
    while True:
        await asyncio.sleep(1)
        for peer in list(SET):  # noqa: B007
            await asyncio.sleep(0)
        # The variable still refers to the last peer that was there.


async def in_loop_variable(websocket):
    if not STARTED:
        STARTED.append(asyncio.create_task(feed()))
    SET.add(websocket)
    try:
        await read(websocket)
    finally:
        SET.discard(websocket)


async def in_traceback(websocket):
    try:
        async for message in websocket:
            int(message)
    except ValueError as error:
        ERRORS.append(error)
    await read(websocket)


class Watchdog:
    def __init__(self, websocket):
        self.websocket = websocket
        self.timer = None

    def check(self):
        self.timer = asyncio.get_running_loop().call_later(5, self.check)  # TIMER


async def in_timer(websocket):
    Watchdog(websocket).check()
    await read(websocket)
