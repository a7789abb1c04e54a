"""Another piece may have taken its place"""

import asyncio
import base64
import json
import os
import uuid

from ghosts.clients import BackendError, Batch


class MyVersion:
    deadline = 100

    def __init__(self, folder):
        self.folder = folder / "pieces"
        self.folder.mkdir(exist_ok=True)

    def keep(self, key, started_at, audio):
        name = f"{key[1]}-{int(started_at)}"
        tmp = self.folder / (name + ".tmp")
        try:
            tmp.write_bytes(json.dumps([*key, started_at]).encode() + b"\n" + audio)
        except OSError:
            tmp.unlink(missing_ok=True)
            raise
        os.rename(tmp, self.folder / name)

    def session_ended(self, key):
        pass

    async def up(self, clients, path):
        head, audio = path.read_bytes().split(b"\n", 1)
        try:
            await clients.upload(Batch(*json.loads(head), audio, path.name))
        except BackendError:
            return False
        path.unlink()
        return True

    async def deliver(self, clients):
        while True:
            for path in [p for p in self.folder.iterdir() if not p.suffix]:
                if not await self.up(clients, path):
                    break
            await asyncio.sleep(2)


my_version = MyVersion
