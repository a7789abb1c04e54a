"""they were in the memory of the process, and in no file of the folder"""

import asyncio
import time

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=2**30)
        self.pieces = []
        self.written = 0.0

    def keep(self, key, started_at, audio):
        self.pieces.append((key, started_at, audio))
        if time.monotonic() - self.written >= 1:
            self.written = time.monotonic()
            for piece in self.pieces:
                self.spool.append(*piece)
            self.pieces.clear()

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for key in self.spool.conversations():
                delivery = self.spool.next_delivery(key)
                batch = Batch(*key, delivery.started_at, delivery.audio, delivery.id)
                try:
                    await clients.upload(batch)
                except BackendError:
                    continue
                self.spool.delivered(delivery)
            await asyncio.sleep(5)


my_version = MyVersion
