"""A queue of conversations and four workers; what an earlier process left is put into it first."""

import asyncio

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class Workers:
    deadline = 30

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=1 << 30)
        self.queue = asyncio.Queue()
        self.queued = set()
        for key in self.spool.conversations():
            self.put(key)

    def put(self, key):
        if key not in self.queued:
            self.queued.add(key)
            self.queue.put_nowait(key)

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)
        self.put(key)

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(self.worker(clients))

    async def worker(self, clients):
        while True:
            key = await self.queue.get()
            self.queued.discard(key)
            if delivery := self.spool.next_delivery(key):
                batch = Batch(*key, delivery.started_at, delivery.audio, delivery_id=delivery.id)
                try:
                    await clients.upload(batch)
                except BackendError:
                    await asyncio.sleep(15)
                else:
                    self.spool.delivered(delivery)
                self.put(key)


my_version = Workers
