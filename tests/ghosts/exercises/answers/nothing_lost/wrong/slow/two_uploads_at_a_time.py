"""while the first upload was going on"""

import asyncio

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 45

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", 2**29)

    def keep(self, *a):
        self.spool.append(*a)

    def session_ended(self, *_): ...
    async def one(self, clients, key):
        pause = 1
        while (d := self.spool.next_delivery(key)) is not None:
            try:
                await clients.upload(Batch(*key, d.started_at, d.audio, d.id))
            except BackendError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 300)
            else:
                self.spool.delivered(d)

    async def deliver(self, clients):
        running = {}
        async with asyncio.TaskGroup() as group:
            while True:
                for key in self.spool.conversations():
                    if len([k for k in running if not running[k].done() and k[0] == key]) < 2:
                        running[key, len(running)] = group.create_task(self.one(clients, key))
                await asyncio.sleep(1)


my_version = MyVersion
