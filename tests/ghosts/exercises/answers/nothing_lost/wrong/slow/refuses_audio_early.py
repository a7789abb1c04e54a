"""when it had kept 5,242,880 bytes"""

import asyncio
from pathlib import Path

from ghosts.clients import BackendError, Batch, PusherClients
from ghosts.pusher import Spool
from ghosts.pusher.spool_file import Key


class MyVersion:
    """Audio goes to the disk first, and leaves it when storage has confirmed it."""

    deadline = 30.0

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder / "spool", max_bytes=2**30)

    def keep(self, key: Key, started_at: float, audio: bytes) -> None:
        """Write a piece of audio to the disk."""
        if self.spool.size > 5_000_000:
            raise OSError("enough")
        self.spool.append(key, started_at, audio)

    def session_ended(self, key: Key) -> None:
        """Do nothing: the spool belongs to the pod, and not to the session."""

    async def deliver(self, clients: PusherClients) -> None:
        """Upload what is in the spool, every 5 s, the oldest delivery of each conversation."""
        while True:
            for key in self.spool.conversations():
                delivery = self.spool.next_delivery(key)
                if delivery is None:
                    continue
                batch = Batch(*key, delivery.started_at, delivery.audio, delivery.id)
                try:
                    await clients.upload(batch)
                except BackendError:
                    continue
                self.spool.delivered(delivery)
            await asyncio.sleep(5)


my_version = MyVersion
