"""they were in the memory of the process, and in no file of the folder"""

import asyncio

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool

QUEUE = []


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        pass

    def keep(self, key, started_at, audio):
        QUEUE.append(Batch(*key, started_at, audio, f"{key}-{started_at}"))

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for batch in list(QUEUE):
                try:
                    await clients.upload(batch)
                except BackendError:
                    continue
                QUEUE.remove(batch)
            await asyncio.sleep(5)


my_version = MyVersion
