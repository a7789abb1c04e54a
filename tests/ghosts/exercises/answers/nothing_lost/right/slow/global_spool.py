"""Global spool."""

import asyncio

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool

SPOOL = None


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=2**30)
        global SPOOL
        SPOOL = self.spool

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for key in SPOOL.conversations():
                d = SPOOL.next_delivery(key)
                try:
                    await clients.upload(Batch(*key, d.started_at, d.audio, d.id))
                except BackendError:
                    continue
                SPOOL.delivered(d)
            await asyncio.sleep(30)


my_version = MyVersion
