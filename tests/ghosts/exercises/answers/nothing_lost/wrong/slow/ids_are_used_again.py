"""was given to different pieces of audio"""

import asyncio
import json

from ghosts.clients import BackendError, Batch


class Files:
    deadline = 25.0

    def __init__(self, folder):
        self.folder = folder

    def keep(self, key, started_at, audio):
        path = self.folder / f"{started_at:09}-{key.uid}.audio"
        path.write_bytes(json.dumps([*key, started_at]).encode() + b"\n" + audio)

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        while True:
            for path in sorted(self.folder.glob("*.audio"))[:64]:
                head, _, audio = path.read_bytes().partition(b"\n")
                try:
                    await clients.upload(
                        Batch(*json.loads(head), audio, path.stem.partition("-")[0])
                    )
                except BackendError:
                    break
                path.unlink()
            await asyncio.sleep(1)


my_version = Files
