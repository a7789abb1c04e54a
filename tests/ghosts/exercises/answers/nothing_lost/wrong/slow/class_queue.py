"""they were in the memory of the process, and in no file of the folder"""

import asyncio

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0
    queue = []

    def __init__(self, folder):
        pass

    def keep(self, key, started_at, audio):
        self.queue.append(Batch(*key, started_at, audio, f"{key}-{started_at}"))

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for batch in list(self.queue):
                try:
                    await clients.upload(batch)
                except BackendError:
                    continue
                self.queue.remove(batch)
            await asyncio.sleep(5)


my_version = MyVersion
