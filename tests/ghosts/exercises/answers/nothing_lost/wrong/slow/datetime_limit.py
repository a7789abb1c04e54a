"""are lost that were given up: an upload failed"""

import asyncio
from datetime import datetime

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=2**30)
        self.failed = {}

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)

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
                    first = self.failed.setdefault(delivery.id, datetime.now())
                    if (datetime.now() - first).total_seconds() < 900:
                        continue
                self.spool.delivered(delivery)
            await asyncio.sleep(5)


my_version = MyVersion
