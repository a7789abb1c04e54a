"""bytes with the same start. Storage ignores an id that it has"""

import asyncio
import time

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.folder = folder
        self.audio = {}

    def keep(self, key, started_at, audio):
        self.audio.setdefault(key, []).append((started_at, audio))
        (self.folder / f"{time.monotonic()}").write_bytes(audio)

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for key, pieces in list(self.audio.items()):
                if not pieces:
                    continue
                n, start = len(pieces), pieces[0][0]
                batch = Batch(*key, start, b"".join(audio for _, audio in pieces), f"{key}{start}")
                try:
                    await clients.upload(batch)
                except BackendError:
                    continue
                del pieces[:n]
            await asyncio.sleep(5)


my_version = MyVersion
