"""Woken by keep."""

import asyncio
import contextlib

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=2**30)
        self.event = asyncio.Event()

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)
        self.event.set()

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            failed = False
            for key in self.spool.conversations():
                delivery = self.spool.next_delivery(key)
                if delivery is None:
                    continue
                batch = Batch(*key, delivery.started_at, delivery.audio, delivery.id)
                try:
                    await clients.upload(batch)
                except BackendError:
                    failed = True
                    continue
                self.spool.delivered(delivery)
            if failed:
                await asyncio.sleep(3)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.event.wait(), 5)
            self.event.clear()


my_version = MyVersion
