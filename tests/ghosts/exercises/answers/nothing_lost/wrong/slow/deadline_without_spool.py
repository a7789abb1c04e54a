"""are lost that were given up: an upload failed"""

import asyncio
import uuid
from collections import deque

from ghosts.clients import BackendError, Batch


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.queue = deque()
        self.number = 0

    def keep(self, key, started_at, audio):
        self.number += 1
        self.queue.append(Batch(*key, started_at, audio, uuid.uuid4().hex))

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            while self.queue:
                batch = self.queue.popleft()
                try:
                    await clients.upload(batch)
                except BackendError:
                    pass
            await asyncio.sleep(5)


my_version = MyVersion
